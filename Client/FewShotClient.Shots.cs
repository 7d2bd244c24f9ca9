using FewShotCluster.Client.Calls;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <content>Labelled photos.</content>
public sealed partial class FewShotClient
{
    /// <inheritdoc/>
    public Task<AddShotsResult> AddShotsAsync(
        string classSetId, IReadOnlyList<Shot> shots, WriteOperation? operation = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        AddShotsAsync(classSetId, shots.ToAsyncEnumerable(), shots.Count, operation, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<AddShotsResult> AddShotsAsync(
        string classSetId, IAsyncEnumerable<Shot> shots, WriteOperation? operation = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        AddShotsAsync(classSetId, shots, null, operation, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<ShotsEdited> RemoveShotsAsync(
        string classSetId, ShotSelection selection, WriteOperation? operation = null, CancellationToken cancellationToken = default)
    {
        PayloadLimits.CheckShots(selection.ClassIds.Count + selection.Keys.Count);
        var write = operation ?? NewOperation();
        return Write($"remove shots of '{classSetId}'", classSetId, (set, token) => set.RemoveShots(selection, write, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ShotsEdited> MoveShotsAsync(
        string classSetId, IReadOnlyList<ShotMove> moves, WriteOperation? operation = null, CancellationToken cancellationToken = default)
    {
        PayloadLimits.CheckShots(moves.Count);
        var write = operation ?? NewOperation();
        return Write($"move shots of '{classSetId}'", classSetId, (set, token) => set.MoveShots(moves, write, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ShotRecord>> ListShotsAsync(string classSetId, CancellationToken cancellationToken = default) =>
        Read($"list the shots of '{classSetId}'", () => ClassSet(classSetId).ListShots(), cancellationToken);

    private async Task<AddShotsResult> AddShotsAsync(
        string classSetId, IAsyncEnumerable<Shot> shots, int? total, WriteOperation? operation, IProgress<ShotsProgress>? progress,
        CancellationToken cancellationToken)
    {
        var write = operation ?? NewOperation();
        // Each call expects what the one before published.
        var expected = write.ExpectedVersion;
        var (version, added, duplicates, sent, call) = (0L, 0, 0, 0, 0);
        var failed = new List<FailedInput>();
        await foreach (var batch in ShotBatches.Split(shots, cancellationToken))
        {
            failed.AddRange(batch.Failed);
            sent += batch.Failed.Count + batch.Shots.Count;
            if (batch.Shots.Count > 0)
            {
                var result = await AddBatchAsync(
                    classSetId, batch.Shots, new WriteOperation($"{write.Id}/{call++}", expected), added, cancellationToken);
                if (expected is not null) expected = result.Version;
                (version, added, duplicates) = (result.Version, added + result.Added, duplicates + result.Duplicates);
                failed.AddRange(result.Failed);
            }
            progress?.Report(new ShotsProgress(sent, total, failed.Count));
        }
        // Nothing could be sent: the version is still an answer, and an unknown set still a failure.
        if (version == 0) version = (await DescribeAsync(classSetId, cancellationToken)).Version;
        return new AddShotsResult(version, added, duplicates, failed);
    }

    private async Task<AddShotsResult> AddBatchAsync(
        string classSetId, IReadOnlyList<Shot> shots, WriteOperation operation, int addedBefore, CancellationToken cancellationToken)
    {
        try
        {
            return await Write($"add shots to '{classSetId}'", classSetId, (set, token) => set.AddShots(shots, operation, token), cancellationToken);
        }
        catch (FewShotException e) when (addedBefore > 0)
        {
            throw new FewShotException(
                e.Code, $"{e.Message} ({addedBefore} shots were added before; repeating with the same operation id continues)", e.RetryAfter, e);
        }
    }
}
