using FewShotCluster.GrainInterfaces.Cluster;

namespace FewShotCluster.Client.Connection;

/// <summary>
/// Tells of lost nodes. Orleans breaks off nothing for a client when a gateway's connection ends or a silo behind it dies: calls in flight would
/// wait for their timeout. A connection's end is reported at once, a silo's death by a long poll as soon as the cluster declared it.
/// </summary>
internal sealed class NodeLosses : IAsyncDisposable
{
    // The cluster answers a poll within five seconds.
    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stopping = new();
    private CancellationTokenSource next = new();
    private Task watching = Task.CompletedTask;

    /// <summary>Cancelled by the next loss.</summary>
    public CancellationToken Next => Volatile.Read(ref next).Token;

    public void Report() => _ = Interlocked.Exchange(ref next, new CancellationTokenSource()).CancelAsync();

    public void Watch(IClusterStatusGrain cluster) => watching = Task.Run(() => WatchAsync(cluster));

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await watching;
    }

    private async Task WatchAsync(IClusterStatusGrain cluster)
    {
        string[] alive = [];
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var now = await cluster.WaitForLoss(alive, stopping.Token).WaitAsync(PollTimeout, stopping.Token);
                if (alive.Except(now).Any()) Report();
                alive = now;
            }
            catch (Exception) when (!stopping.IsCancellationRequested)
            {
                // A gateway less, or none: its connection's end is reported by itself.
                await Task.Delay(RetryDelay, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
