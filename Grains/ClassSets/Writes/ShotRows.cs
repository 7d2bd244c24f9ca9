using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>Edits of one batch of shots: each shot gets a class position or goes.</summary>
/// <param name="batch">The batch.</param>
/// <param name="targets">New class position of each shot; negative: it goes.</param>
/// <param name="isRefinedBefore">Whether the classes of the old positions have views: those of the refiner's family do.</param>
/// <param name="isRefinedAfter">The same for the new positions.</param>
internal sealed class ShotRows(ShotBatch batch, int[] targets, Func<int, bool> isRefinedBefore, Func<int, bool> isRefinedAfter)
{
    // Views lie in the order of the shots that have them.
    private readonly int[] _viewed = [.. Enumerable.Range(0, batch.Classes.Length).Where(shot => isRefinedBefore(batch.Classes[shot]))];

    /// <summary>Whether rows go, so that the batch's bytes are needed.</summary>
    public bool NeedsBytes => !IsEmpty && (targets.Any(target => target < 0) || KeptViews.Length < _viewed.Length);

    /// <summary>Whether no shot is left.</summary>
    public bool IsEmpty => targets.All(target => target < 0);

    private int[] KeptShots => [.. Enumerable.Range(0, targets.Length).Where(shot => targets[shot] >= 0)];

    private int[] KeptViews =>
    [
        .. Enumerable.Range(0, _viewed.Length).Where(view => targets[_viewed[view]] is >= 0 and var target && isRefinedAfter(target)),
    ];

    /// <summary>The edited batch.</summary>
    /// <param name="loaded">The batch with its bytes where <see cref="NeedsBytes"/>.</param>
    /// <param name="blocks">Gets the new blocks.</param>
    public ShotBatch Apply(ShotBatch loaded, List<Block> blocks)
    {
        if (_viewed.Length != batch.ViewClasses.Length)
            throw new FewShotException(
                FewShotErrorCode.Internal, $"a batch of shots has views of {batch.ViewClasses.Length} shots, {_viewed.Length} are of the family");
        var (shots, views) = (KeptShots, KeptViews);
        return batch with
        {
            Classes = [.. shots.Select(shot => targets[shot])],
            Keys = [.. shots.Select(shot => batch.Keys[shot])],
            Features = [.. loaded.Features.Select(features => Rows(features, batch.Classes.Length, shots, blocks))],
            ViewClasses = [.. views.Select(view => targets[_viewed[view]])],
            Views = Rows(loaded.Views, _viewed.Length, views, blocks),
        };
    }

    private static StoredBytes Rows(StoredBytes rows, int count, int[] kept, List<Block> blocks) =>
        count == 0 ? rows : FittedRows.Rows(rows, rows.Payload.Length / count, kept, blocks).Released();
}
