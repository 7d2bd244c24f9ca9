using System.Globalization;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>LP++ weights of all seen classes for every encoder, then the refiner's head where its family has two seen classes.</summary>
internal sealed class ShotsFit(ClassSetRepository repository, DeviceSlots slots) : IClassSetFit
{
    private sealed record Probe(byte[] Weights, byte[] Bias, byte[] Alpha);

    private sealed record Head(int[] Classes, byte[] Weights, byte[] Bias, int Shots);

    public async Task<FitOutcome> Run(ClassSetState basis, FitRun run, CancellationToken cancellationToken)
    {
        var seen = basis.SeenClasses;
        if (seen.Length == 0) throw new FitRefusedException("no class has shots: add labelled photos first");
        var batches = await repository.LoadShots(basis, cancellationToken);
        var worker = slots.LeastBusy().Worker;
        var parts = basis.Encoders.Length + 1;
        var probes = new Probe[basis.Encoders.Length];
        for (var e = 0; e < probes.Length; e++) probes[e] = await FitProbe(basis, seen, batches, e, worker, Report(e), cancellationToken);
        var head = await FitRefiner(basis, batches, worker, Report(probes.Length), cancellationToken);

        var shots = batches.Sum(batch => batch.Classes.Length);
        var words = string.Create(CultureInfo.InvariantCulture, $"LP++ of {shots} shots in {seen.Length} classes");
        if (head is not null)
            words += string.Create(CultureInfo.InvariantCulture, $"; refiner of {head.Shots} shots in {head.Classes.Length} classes");
        return new FitOutcome(seen, Merge, words);

        Action<double> Report(int part) => done => run.Report(part, parts, done);

        ClassSetState Merge(ClassSetState current, List<Block> blocks) => current with
        {
            Encoders =
            [
                .. current.Encoders.Select((encoder, e) => encoder with
                {
                    ProbeClasses = seen,
                    ProbeWeights = StoredBytes.New(probes[e].Weights, blocks),
                    ProbeBias = StoredBytes.New(probes[e].Bias, blocks),
                    ProbeAlpha = StoredBytes.New(probes[e].Alpha, blocks),
                    ProbeShots = shots,
                }),
            ],
            Refiner = head is null
                ? current.Refiner
                : new RefinerState(
                    basis.Policy.RefinerFamily!,
                    basis.RefinerBackbone!,
                    head.Classes,
                    StoredBytes.New(head.Weights, blocks),
                    StoredBytes.New(head.Bias, blocks),
                    head.Shots),
        };
    }

    private static Task<Probe> FitProbe(
        ClassSetState basis,
        int[] seen,
        IReadOnlyList<ShotBatch> batches,
        int encoder,
        DeviceWorker worker,
        Action<double> report,
        CancellationToken cancellationToken)
    {
        var state = basis.Encoders[encoder];
        var dimension = state.Info.Dimension;
        var labels = Labels(batches.SelectMany(batch => batch.Classes), seen);
        var options = LpPlusPlusOptions.Paper with
        {
            Epochs = basis.Policy.ProbeEpochs,
            InitialAlpha = basis.Policy.ProbeInitialAlpha * state.Info.LogitScale,
        };
        return new DeviceFitRunner(worker).Run(
            () =>
            {
                var features = FitMatrix.Read(
                    FloatBytes.Concatenate([.. batches.Select(batch => batch.Features[encoder].Bytes!)]), dimension, worker.Device);
                var text = FitMatrix.Read(state.TextProxies.Bytes!, dimension, worker.Device);
                var ofSeen = text.index_select(0, FitMatrix.Indices(seen, worker.Device)).t();
                return new LpPlusPlusFit(new LabelledFeatures(features, torch.tensor(labels).to(worker.Device)), ofSeen, options);
            },
            result => new Probe(
                FitMatrix.Bytes(result.Weights.W), FitMatrix.Bytes(result.Weights.Bias), FitMatrix.Bytes(result.Weights.Alpha)),
            report,
            cancellationToken);
    }

    private static async Task<Head?> FitRefiner(
        ClassSetState basis,
        IReadOnlyList<ShotBatch> batches,
        DeviceWorker worker,
        Action<double> report,
        CancellationToken cancellationToken)
    {
        var classes = batches.SelectMany(batch => batch.ViewClasses).Distinct().Order().ToArray();
        if (basis.RefinerBackbone is not { } backbone || classes.Length < 2) return null;
        var perView = batches.SelectMany(batch => batch.ViewClasses.SelectMany(c => Enumerable.Repeat(c, batch.ViewsPerShot)));
        var labels = Labels(perView, classes);
        return await new DeviceFitRunner(worker).Run(
            () =>
            {
                var views = FitMatrix.Read(
                    FloatBytes.Concatenate([.. batches.Select(batch => batch.Views.Bytes!)]), backbone.Dimension, worker.Device);
                var labelled = new LabelledFeatures(views, torch.tensor(labels).to(worker.Device));
                return new RefinerHeadFit(labelled, classes.Length, RefinerHeadOptions.Default);
            },
            head => new Head(classes, FitMatrix.Bytes(head.W), FitMatrix.Bytes(head.Bias), batches.Sum(batch => batch.ViewClasses.Length)),
            report,
            cancellationToken);
    }

    /// <summary>Class positions as rows of the fitted matrix.</summary>
    private static long[] Labels(IEnumerable<int> positions, int[] fitted)
    {
        var rows = fitted.Select((position, row) => (position, row)).ToDictionary(pair => pair.position, pair => (long)pair.row);
        return [.. positions.Select(position => rows[position])];
    }
}
