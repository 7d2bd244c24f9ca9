using System.Globalization;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>
/// What the shots teach: probe weights of all seen classes for every encoder, the refiner's head where its family has two seen classes,
/// how sure each stage may be, and whether the served proxies still hold against text.
/// </summary>
internal sealed class ShotsFit(ClassSetRepository repository, ValidationStage stage, DeviceSlots slots) : IClassSetFit
{
    public async Task<FitOutcome> Run(ClassSetState basis, FitRun run, CancellationToken cancellationToken)
    {
        basis = basis with { Policy = FitPolicy.Of(basis.Policy, run.Asked.Request) };
        var seen = basis.SeenClasses;
        if (seen.Length == 0) throw new FitRefusedException("no class has shots: add labelled photos first");
        var batches = await repository.LoadShots(basis.Shots, cancellationToken);
        if (run.Asked.Validation is not null && basis.Policy.ProbePreset == ProbePreset.Gda)
            throw new FitRefusedException("GDA has no epochs that validation photos could choose: fit without them, or by another preset");
        var validation = await stage.Load(basis, run.Asked.Validation, seen, cancellationToken);
        var shots = ShotFeatures.Of(basis, batches);
        var runner = new DeviceFitRunner(slots.LeastBusy().Worker);
        var parts = basis.Encoders.Length + 1;

        var learner = new ProbeLearner(runner, basis.Policy);
        var probes = new LearnedProbe[basis.Encoders.Length];
        for (var e = 0; e < probes.Length; e++)
            probes[e] = await learner.Learn(Problem(basis, shots, seen, e), Validation(e), Report(e), cancellationToken);
        var head = await new HeadLearner(runner).Learn(basis, batches, Report(probes.Length), cancellationToken);
        var served = ProxiesFit.Served(basis);
        int[] heldOut = validation is null ? shots.Labels : [.. validation.Labels.Select(row => seen[row])];
        var calibration = await runner.Run(() => Calibrate(basis, shots, seen, probes, heldOut, head, served, runner.Device), cancellationToken);
        var shadow = served is null ? null : ShadowTest.Run(ProxiesFit.Problem(basis, shots), served);
        var withdrawn = shadow is not null && shadow.Served < shadow.Text;
        return new FitOutcome(seen, Merge, Words());

        ProbeValidation? Validation(int e) => validation is null
            ? null
            : new(validation.Features[e], [.. validation.Labels.Select(row => (long)row)]);

        Action<double> Report(int part) => done => run.Report(part, parts, done);

        ClassSetState Merge(ClassSetState current, int[] map, List<Block> blocks)
        {
            int[] present = [.. seen.Select(position => map[position])];
            var next = current with
            {
                Encoders = [.. current.Encoders.Select((encoder, e) => With(
                    encoder with { ProbeShotsChanged = basis.ShotsChanged }, probes[e], present, shots.Labels.Length, blocks))],
                Refiner = head is null ? current.Refiner : head.State(basis, map, blocks),
                Calibration = calibration,
            };
            return withdrawn ? ProxiesFit.Withdraw(next, Withdrawal(shadow!)) : next;
        }

        string Words()
        {
            var name = basis.Policy.ProbePreset == ProbePreset.Gda ? "GDA" : "LP++";
            var words = string.Create(CultureInfo.InvariantCulture, $"{name} of {shots.Labels.Length} shots in {seen.Length} classes");
            if (validation is not null && probes[0].Epoch > 0)
                words += string.Create(
                    CultureInfo.InvariantCulture,
                    $", {string.Join(" and ", probes.Select(probe => probe.Epoch))} epochs by {validation.Labels.Length} validation photos");
            else if (probes[0] is { HeldOut: not null, Epoch: > 0 })
                words += string.Create(
                    CultureInfo.InvariantCulture,
                    $", {string.Join(" and ", probes.Select(probe => probe.Epoch))} epochs by cross-validation");
            if (head is not null)
                words += string.Create(CultureInfo.InvariantCulture, $"; refiner of {head.Shots} shots in {head.Classes.Length} classes");
            return withdrawn ? $"{words}; {Withdrawal(shadow!)}" : words;
        }
    }

    private static string Withdrawal(ShadowTest shadow) => string.Create(
        CultureInfo.InvariantCulture,
        $"InMaP proxies withdrawn: of {shadow.Images} labelled photos they have {shadow.Served:P1} right, text {shadow.Text:P1}");

    private static ProbeProblem Problem(ClassSetState basis, LabelledImages shots, int[] seen, int e)
    {
        var encoder = basis.Encoders[e];
        var rows = seen.Select((position, row) => (position, row)).ToDictionary(pair => pair.position, pair => (long)pair.row);
        return new ProbeProblem(
            shots.Features[e],
            FitMatrix.Rows(encoder.TextProxies.Bytes!, encoder.Info.Dimension, seen),
            [.. shots.Labels.Select(position => rows[position])],
            encoder.Info.Dimension,
            encoder.Info.LogitScale);
    }

    private static EncoderState With(EncoderState encoder, LearnedProbe probe, int[] seen, int shots, List<Block> blocks) => encoder with
    {
        ProbeClasses = seen,
        ProbeWeights = StoredBytes.New(probe.Weights, blocks),
        ProbeBias = StoredBytes.New(probe.Bias, blocks),
        ProbeAlpha = StoredBytes.New(probe.Alpha, blocks),
        ProbeShots = shots,
    };

    /// <summary>By stage: text and proxies were fitted to no shot, held-out logits (of shots or validation photos) neither.</summary>
    private static StageCalibration[] Calibrate(
        ClassSetState basis, LabelledImages shots, int[] seen, LearnedProbe[] probes, int[] heldOut, LearnedHead? head,
        ServedProxies[]? served, torch.Device device)
    {
        var stages = Enumerable.Repeat(StageCalibration.None, Enum.GetValues<CascadeStage>().Length).ToArray();
        int[] all = [.. Enumerable.Range(0, basis.Classes.Length)];
        stages[(int)CascadeStage.Text] = Proxies(all, e => basis.Encoders[e].TextProxies.Bytes!);
        if (served is not null) stages[(int)CascadeStage.Proxies] = Proxies(served[0].Classes, e => served[e].Values);
        if (probes.All(probe => probe.HeldOut is not null))
        {
            var logits = Fuse(e => FitMatrix.Read(probes[e].HeldOut!, seen.Length, device).Times(basis.Encoders[e].ProbeShare));
            stages[(int)CascadeStage.Probe] = Fit(
                logits, seen, probes[0].HeldOutShots is { } held ? [.. held.Select(shot => shots.Labels[shot])] : heldOut);
        }
        if (head?.HeldOut is { } logitsOfHead)
            stages[(int)CascadeStage.Refiner] = Fit(FitMatrix.Read(logitsOfHead, head.Classes.Length, device), head.Classes, head.HeldOutLabels);
        return stages;

        StageCalibration Proxies(int[] classes, Func<int, MatrixBytes> proxies)
        {
            var known = classes.ToHashSet();
            int[] rows = [.. Enumerable.Range(0, shots.Labels.Length).Where(row => known.Contains(shots.Labels[row]))];
            var logits = Fuse(e =>
            {
                var encoder = basis.Encoders[e];
                var features = FitMatrix.Read(FitMatrix.Rows(shots.Features[e], encoder.Info.Dimension, rows), encoder.Info.Dimension, device);
                var columns = FitMatrix.Read(proxies(e), encoder.Info.Dimension, device).t();
                return features.matmul(columns).Times(encoder.ProxyShare * encoder.Info.LogitScale);
            });
            return Fit(logits, classes, [.. rows.Select(row => shots.Labels[row])]);
        }

        Tensor Fuse(Func<int, Tensor> logits) =>
            Enumerable.Range(0, basis.Encoders.Length).Select(logits).Aggregate((sum, part) => sum.Plus(part));

        StageCalibration Fit(Tensor logits, int[] classes, int[] positions)
        {
            var columns = classes.Select((position, column) => (position, column)).ToDictionary(p => p.position, p => (long)p.column);
            var labels = torch.tensor(positions.Select(position => columns[position]).ToArray()).to(device);
            return StageCalibrator.Fit(logits, labels, basis.Policy.AbstainShare);
        }
    }
}
