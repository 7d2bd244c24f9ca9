using System.Diagnostics;
using FewShotCluster.Bench.Processes;

namespace FewShotCluster.Bench.Cluster;

/// <summary>What a node says of work under way.</summary>
internal static class Gauges
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Seconds until all gauges of work under way are zero; null: not in time.</summary>
    public static async Task<double?> UntilZeroAsync(NodeProcess node, TimeSpan patience, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            var gauges = (await node.MetricsAsync(cancellationToken)).InFlight;
            if (gauges.Count == 0) throw new InvalidOperationException("the node publishes no gauge of work under way");
            if (gauges.Values.All(value => value == 0)) return Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (Stopwatch.GetElapsedTime(start) > patience) return null;
            await Task.Delay(Interval, cancellationToken);
        }
    }

    /// <summary>The largest queue seen until the token ends.</summary>
    public static async Task<double> LargestAsync(NodeProcess node, string gauge, CancellationToken until)
    {
        var most = 0.0;
        try
        {
            while (true)
            {
                most = Math.Max(most, (await node.MetricsAsync(until)).Sum(gauge));
                await Task.Delay(5 * Interval, until);
            }
        }
        catch (OperationCanceledException)
        {
            return most;
        }
    }
}
