using System.Text.Json.Serialization;

namespace FewShotCluster.Load;

/// <summary>Percentiles of latencies, ms.</summary>
public sealed record LatencySummary(
    double P50, double P90, double P99, [property: JsonPropertyName("p99.9")] double P999, double Mean, double Max);

/// <summary>Answers and failures that came in one second of a load.</summary>
public sealed record LoadSecond(int Answered, int Failed);

/// <summary>What a load met.</summary>
public sealed record LoadReport
{
    /// <summary><c>open</c> or <c>closed</c>.</summary>
    public required string Loop { get; init; }

    /// <summary>Requests a second that were to be sent; null in a closed loop.</summary>
    public double? OfferedRate { get; init; }

    /// <summary>Callers; null in an open loop.</summary>
    public int? Concurrency { get; init; }

    /// <summary>How long requests were sent, seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Of each request from its intended send time; null: none.</summary>
    public double? DeadlineMs { get; init; }

    /// <summary>Requests sent.</summary>
    public required long Sent { get; init; }

    /// <summary>Requests left out as <see cref="MaxInFlight"/> were in flight: above 0 the load was less than offered.</summary>
    public required long NotSent { get; init; }

    /// <summary>The bound on requests in flight.</summary>
    public required int MaxInFlight { get; init; }

    /// <summary>The most that were in flight at once.</summary>
    public required int PeakInFlight { get; init; }

    /// <summary>Requests answered, in time or late.</summary>
    public required long Answered { get; init; }

    /// <summary>Requests that failed.</summary>
    public required long Failed { get; init; }

    /// <summary>Requests sent a second.</summary>
    public required double AchievedRate { get; init; }

    /// <summary>Answers within the deadline a second; without a deadline all answers.</summary>
    public required double Goodput { get; init; }

    /// <summary>Of the answers, from the intended send time.</summary>
    public required LatencySummary LatencyMs { get; init; }

    /// <summary>From the intended send time to the real one: what of the latency is the generator's own fault.</summary>
    public required LatencySummary SendLagMs { get; init; }

    /// <summary>Failures by error code.</summary>
    public required IReadOnlyDictionary<string, long> Errors { get; init; }

    /// <summary>Answers by the class set's version.</summary>
    public required IReadOnlyDictionary<long, long> Versions { get; init; }

    /// <summary>Answers from cached features.</summary>
    public required long CacheHits { get; init; }

    /// <summary>Answers by the cascade's stage.</summary>
    public required IReadOnlyDictionary<string, long> Stages { get; init; }

    /// <summary>Answers by the device slot that encoded.</summary>
    public required IReadOnlyDictionary<string, long> Devices { get; init; }

    /// <summary>Second by second.</summary>
    public required IReadOnlyList<LoadSecond> Timeline { get; init; }
}
