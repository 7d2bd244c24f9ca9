using HdrHistogram;

namespace FewShotCluster.Load;

/// <summary>Latencies to three digits from a microsecond to an hour, in constant memory. Not for several threads at once.</summary>
public sealed class LatencyHistogram
{
    private const long Longest = 3_600_000_000; // an hour, in microseconds
    private readonly LongHistogram histogram = new(Longest, 3);

    /// <summary>Adds one; negative counts as zero, more than an hour as an hour.</summary>
    public void Record(TimeSpan latency) => histogram.RecordValue(Math.Clamp(latency.Ticks / TimeSpan.TicksPerMicrosecond, 0, Longest));

    /// <summary>The value that a share of the latencies do not exceed, ms; 0 where there are none.</summary>
    /// <param name="percentile">0 to 100.</param>
    public double Milliseconds(double percentile) => histogram.TotalCount == 0 ? 0 : histogram.GetValueAtPercentile(percentile) / 1000.0;

    /// <summary>All percentiles that reports name.</summary>
    public LatencySummary Summary() => new(
        Milliseconds(50), Milliseconds(90), Milliseconds(99), Milliseconds(99.9),
        histogram.TotalCount == 0 ? 0 : histogram.GetMean() / 1000, Milliseconds(100));
}
