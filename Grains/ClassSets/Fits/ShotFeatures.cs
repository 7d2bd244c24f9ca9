using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>All shots of a set as one labelled matrix per encoder.</summary>
internal static class ShotFeatures
{
    public static LabelledImages Of(ClassSetState state, IReadOnlyList<ShotBatch> batches) => new(
        [.. batches.SelectMany(batch => batch.Classes)],
        [.. state.Encoders.Select((_, e) => FloatBytes.Concatenate([.. batches.Select(batch => batch.Features[e].Bytes!)]))]);
}
