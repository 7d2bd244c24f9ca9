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
/// <param name="HeldOut">Logits [h,K] of shots by heads that never saw them; null: there are none.</param>
/// <param name="HeldOutLabels">Positions of those shots' classes [h].</param>
internal sealed record LearnedHead(int[] Classes, byte[] Weights, byte[] Bias, int Shots, byte[]? HeldOut, int[] HeldOutLabels)
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
        var shots = batches.SelectMany(batch => batch.ViewClasses).ToArray();
        var options = basis.Policy.ProbePreset == ProbePreset.Seed ? RefinerHeadOptions.SeedPreset : RefinerHeadOptions.Default;
        // Batches of another number of views than the first cannot be told apart by shots.
        var views = batches.First(batch => batch.ViewClasses.Length > 0).ViewsPerShot;
        var isValidated = basis.Policy is { CrossValidate: true, ProbePreset: not ProbePreset.Seed } && classes.Length < shots.Length
            && batches.All(batch => batch.ViewClasses.Length == 0 || batch.ViewsPerShot == views);
        var share = isValidated ? 0.8 : 0;
        (byte[]? Logits, int[] Labels) heldOut = (null, []);
        if (isValidated)
        {
            heldOut = await runner.Run(
                () => new RefinerHeadCrossValidation(Views(), views, classes.Length, options),
                held => ((byte[]?)FitMatrix.Bytes(held.Logits), held.Shots.Select(shot => shots[shot]).ToArray()),
                done => report(share * done),
                cancellationToken);
        }
        return await runner.Run(
            () => new RefinerHeadFit(Views(), classes.Length, options),
            head => new LearnedHead(classes, FitMatrix.Bytes(head.W), FitMatrix.Bytes(head.Bias), shots.Length, heldOut.Logits, heldOut.Labels),
            done => report(share + (1 - share) * done),
            cancellationToken);

        LabelledFeatures Views() => new(
            FitMatrix.Read(FloatBytes.Concatenate([.. batches.Select(batch => batch.Views.Bytes!)]), backbone.Dimension, runner.Device),
            torch.tensor(labels).to(runner.Device));
    }
}
