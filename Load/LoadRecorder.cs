using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Load;

/// <summary>Adds samples up; any thread.</summary>
internal sealed class LoadRecorder(LoadPlan plan)
{
    private readonly Lock gate = new();
    private readonly LatencyHistogram latency = new();
    private readonly LatencyHistogram lag = new();
    private readonly SortedDictionary<string, long> errors = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, long> versions = [];
    private readonly SortedDictionary<string, long> stages = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> devices = new(StringComparer.Ordinal);
    private readonly List<(int Answered, int Failed)> seconds = [];
    private long sent, notSent, answered, failed, inTime, cacheHits;
    private int inFlight, peak;

    /// <summary>Takes a place in flight; false: the open loop's bound is reached.</summary>
    public bool TrySend()
    {
        lock (gate)
        {
            if (plan.Rate is not null && inFlight >= plan.MaxInFlight)
            {
                notSent++;
                return false;
            }
            sent++;
            peak = Math.Max(peak, ++inFlight);
            return true;
        }
    }

    public void Add(LoadSample sample)
    {
        lock (gate)
        {
            inFlight--;
            lag.Record(sample.Sent - sample.Intended);
            var second = (int)sample.Done.TotalSeconds;
            while (seconds.Count <= second) seconds.Add(default);
            var (before, failures) = seconds[second];
            seconds[second] = sample.Answer is null ? (before, failures + 1) : (before + 1, failures);
            if (sample.Answer is not { } answer)
            {
                failed++;
                Count(errors, (sample.Failure?.Code ?? FewShotErrorCode.Internal).ToString());
                return;
            }
            answered++;
            latency.Record(sample.Latency);
            if (plan.Deadline is not { } deadline || sample.Latency <= deadline) inTime++;
            if (answer.CacheHit) cacheHits++;
            Count(versions, answer.Version);
            Count(stages, answer.Stage.ToString());
            Count(devices, answer.Device);
        }
    }

    /// <summary>A request that was given up with the whole load.</summary>
    public void Abandon()
    {
        lock (gate) inFlight--;
    }

    public LoadProgress Progress(TimeSpan elapsed)
    {
        lock (gate) return new(elapsed, sent, notSent, inFlight, answered, failed, latency.Milliseconds(50), latency.Milliseconds(99));
    }

    /// <param name="sending">How long requests were sent.</param>
    public LoadReport Report(TimeSpan sending)
    {
        lock (gate)
        {
            return new()
            {
                Loop = plan.Rate is null ? "closed" : "open",
                OfferedRate = plan.Rate,
                Concurrency = plan.Concurrency,
                Seconds = sending.TotalSeconds,
                DeadlineMs = plan.Deadline?.TotalMilliseconds,
                Sent = sent,
                NotSent = notSent,
                MaxInFlight = plan.MaxInFlight,
                PeakInFlight = peak,
                Answered = answered,
                Failed = failed,
                AchievedRate = sent / sending.TotalSeconds,
                Goodput = inTime / sending.TotalSeconds,
                LatencyMs = latency.Summary(),
                SendLagMs = lag.Summary(),
                Errors = errors,
                Versions = versions,
                CacheHits = cacheHits,
                Stages = stages,
                Devices = devices,
                Timeline = [.. seconds.Select(second => new LoadSecond(second.Answered, second.Failed))],
            };
        }
    }

    private static void Count<T>(SortedDictionary<T, long> counts, T key) where T : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;
}
