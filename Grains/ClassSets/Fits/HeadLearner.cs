using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>A fitted head of the refiner.</summary>
/// <param name="Classes">Positions of its classes [K].</param>
/// <param name="Weights">[K,D]</param>
/// <param name="Bias">[K]</param>
/// <param name="Shots">It was fitted on.</param>
internal sealed record LearnedHead(int[] Classes, byte[] Weights, byte[] Bias, int Shots)
{
    public RefinerState State(ClassSetState basis, int[] map, List<Block> blocks) => new(
        basis.Policy.RefinerFamily!,
        basis.RefinerBackbone!,
        [.. Classes.Select(position => map[position])],
        StoredBytes.New(Weights, blocks),
        StoredBytes.New(Bias, blocks),
        Shots);
}

/// <summary>From the stored views of a family's shots to the refiner's head.</summary>
internal sealed class HeadLearner(IFitRunner runner)
{
    /// <summary>Null: fewer than two classes of the family have shots.</summary>
    public async Task<LearnedHead?> Learn(
        ClassSetState basis, IReadOnlyList<ShotBatch> batches, Action<double> report, CancellationToken cancellationToken)
    {
        var classes = batches.SelectMany(batch => batch.ViewClasses).Distinct().Order().ToArray();
        if (basis.RefinerBackbone is not { } backbone || classes.Length < 2) return null;
        var rows = classes.Select((position, row) => (position, row)).ToDictionary(pair => pair.position, pair => (long)pair.row);
        var labels = batches
            .SelectMany(batch => batch.ViewClasses.SelectMany(position => Enumerable.Repeat(rows[position], batch.ViewsPerShot)))
            .ToArray();
        return await runner.Run(
            () =>
            {
                var views = FitMatrix.Read(
                    FloatBytes.Concatenate([.. batches.Select(batch => batch.Views.Bytes!)]), backbone.Dimension, runner.Device);
                var labelled = new LabelledFeatures(views, torch.tensor(labels).to(runner.Device));
                return new RefinerHeadFit(
                    labelled, classes.Length,
                    basis.Policy.ProbePreset == ProbePreset.Seed ? RefinerHeadOptions.SeedPreset : RefinerHeadOptions.Default);
            },
            head => new LearnedHead(
                classes, FitMatrix.Bytes(head.W), FitMatrix.Bytes(head.Bias), batches.Sum(batch => batch.ViewClasses.Length)),
            report,
            cancellationToken);
    }
}
