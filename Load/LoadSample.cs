using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Load;

/// <summary>A request to send.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Deadline">Time left for its answer; null: the client's own.</param>
public readonly record struct LoadRequest(long Index, TimeSpan? Deadline);

/// <summary>What became of one request. Times are since the start of the load.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Intended">When it was to go out; of a closed loop, when it did.</param>
/// <param name="Sent">When it did.</param>
/// <param name="Done">When its answer or failure was there.</param>
/// <param name="Answer">The answer; null: it failed.</param>
/// <param name="Failure">Why there is no answer.</param>
public sealed record LoadSample(
    long Index, TimeSpan Intended, TimeSpan Sent, TimeSpan Done, ClassificationAnswer? Answer, FewShotException? Failure)
{
    /// <summary>From the intended send time: a generator that falls behind must not hide what its users would have waited.</summary>
    public TimeSpan Latency => Done - Intended;
}

/// <summary>Where a load stands.</summary>
/// <param name="Elapsed">Since its start.</param>
/// <param name="Sent">Requests sent.</param>
/// <param name="NotSent">Requests left out at the bound on requests in flight.</param>
/// <param name="InFlight">Of the sent ones without answer yet.</param>
/// <param name="Answered">Of them answered.</param>
/// <param name="Failed">Of them failed.</param>
/// <param name="P50">Median latency of the answers so far, ms.</param>
/// <param name="P99">Their 99th percentile, ms.</param>
public readonly record struct LoadProgress(TimeSpan Elapsed, long Sent, long NotSent, int InFlight, long Answered, long Failed, double P50, double P99);
