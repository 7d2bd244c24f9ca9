using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Metrics;

namespace FewShotCluster.Grains.Storage;

/// <summary>Any store, with the time and outcome of its calls on the meter: an outage and a slow disk show there first.</summary>
internal sealed class MeasuredClassSetStore(IClassSetStore inner, FewShotMetrics metrics, TimeProvider time) : IClassSetStore, IAsyncDisposable
{
    public Task<ClassSetHead?> LoadHead(string classSetId, CancellationToken cancellationToken) =>
        Measure("head", () => inner.LoadHead(classSetId, cancellationToken));

    public Task<IReadOnlyDictionary<ContentKey, byte[]>> LoadBlocks(IReadOnlyCollection<ContentKey> keys, CancellationToken cancellationToken) =>
        Measure("blocks", () => inner.LoadBlocks(keys, cancellationToken));

    public Task Commit(
        string classSetId, long expectedRevision, ClassSetHead head, IReadOnlyList<Block> blocks, CancellationToken cancellationToken) => Measure(
        "commit",
        async () =>
        {
            await inner.Commit(classSetId, expectedRevision, head, blocks, cancellationToken);
            return true;
        });

    public Task<IReadOnlyList<ClassSetSummary>> List(CancellationToken cancellationToken) => Measure("list", () => inner.List(cancellationToken));

    public Task<StorageStatus> GetStatus(CancellationToken cancellationToken) => inner.GetStatus(cancellationToken);

    public ValueTask DisposeAsync() => inner is IAsyncDisposable disposable ? disposable.DisposeAsync() : ValueTask.CompletedTask;

    private async Task<T> Measure<T>(string operation, Func<Task<T>> call)
    {
        var start = time.GetTimestamp();
        var outcome = "cancelled";
        try
        {
            var result = await call();
            outcome = "ok";
            return result;
        }
        catch (FewShotException e)
        {
            outcome = e.Code.ToString();
            throw;
        }
        finally
        {
            metrics.Storage(operation, outcome, time.GetElapsedTime(start));
        }
    }
}
