using FewShotCluster.Client.Calls;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <content>Labelled photos.</content>
public sealed partial class FewShotClient
{
    /// <inheritdoc/>
    public Task<AddShotsResult> AddShotsAsync(
        string classSetId, IReadOnlyList<Shot> shots, string? operationId = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        AddShotsAsync(classSetId, shots.ToAsyncEnumerable(), shots.Count, operationId, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<AddShotsResult> AddShotsAsync(
        string classSetId, IAsyncEnumerable<Shot> shots, string? operationId = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        AddShotsAsync(classSetId, shots, null, operationId, progress, cancellationToken);

    private async Task<AddShotsResult> AddShotsAsync(
        string classSetId, IAsyncEnumerable<Shot> shots, int? total, string? operationId, IProgress<ShotsProgress>? progress,
        CancellationToken cancellationToken)
    {
        var operation = operationId ?? NewOperation();
        var (version, added, duplicates, sent, call) = (0L, 0, 0, 0, 0);
        var failed = new List<FailedInput>();
        await foreach (var batch in ShotBatches.Split(shots, cancellationToken))
        {
            failed.AddRange(batch.Failed);
            sent += batch.Failed.Count + batch.Shots.Count;
            if (batch.Shots.Count > 0)
            {
                var result = await AddBatchAsync(classSetId, batch.Shots, $"{operation}/{call++}", added, cancellationToken);
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
        string classSetId, IReadOnlyList<Shot> shots, string operation, int addedBefore, CancellationToken cancellationToken)
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
