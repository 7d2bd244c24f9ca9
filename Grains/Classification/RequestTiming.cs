using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.Grains.Metrics;

namespace FewShotCluster.Grains.Classification;

/// <summary>Parts of a classification that are timed.</summary>
internal enum RequestStage
{
    Snapshot,
    Encode,
    Refine,
    Score,
}

/// <summary>Where one request's time goes.</summary>
internal sealed class RequestTiming(TimeProvider time, FewShotMetrics metrics)
{
    private readonly long _start = time.GetTimestamp();
    private long _snapshot;
    private long _encode;
    private long _refine;
    private long _score;

    public TimeSpan Total => time.GetElapsedTime(_start);

    public void Begin(RequestStage stage) => Of(stage) = time.GetTimestamp();

    public void End(RequestStage stage)
    {
        ref var part = ref Of(stage);
        // Scoring's own time: without the refiner's features that it waited for.
        part = time.GetTimestamp() - part - (stage == RequestStage.Score ? _refine : 0);
        metrics.Stage(stage, Span(part));
    }

    public StageTimings Report() => new(
        Span(_snapshot).TotalMilliseconds, Span(_encode).TotalMilliseconds, Span(_refine).TotalMilliseconds,
        Span(_score).TotalMilliseconds, Total.TotalMilliseconds);

    private TimeSpan Span(long timestamps) => time.GetElapsedTime(0, timestamps);

    private ref long Of(RequestStage stage)
    {
        switch (stage)
        {
            case RequestStage.Snapshot: return ref _snapshot;
            case RequestStage.Encode: return ref _encode;
            case RequestStage.Refine: return ref _refine;
            default: return ref _score;
        }
    }
}
