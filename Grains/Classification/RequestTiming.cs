using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.Grains.Metrics;

namespace FewShotCluster.Grains.Classification;

/// <summary>Where one request's time goes.</summary>
internal sealed class RequestTiming(TimeProvider time, FewShotMetrics metrics)
{
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _snapshot;
    private TimeSpan _encode;
    private TimeSpan _refine;
    private TimeSpan _score;

    public TimeSpan Total => time.GetElapsedTime(_start);

    public async Task<T> Snapshot<T>(ValueTask<T> part)
    {
        var start = time.GetTimestamp();
        var result = await part;
        metrics.Stage("snapshot", _snapshot = time.GetElapsedTime(start));
        return result;
    }

    public async Task<T> Encode<T>(Task<T> part)
    {
        var start = time.GetTimestamp();
        var result = await part;
        metrics.Stage("encode", _encode = time.GetElapsedTime(start));
        return result;
    }

    public async Task<T> Refine<T>(Task<T> part)
    {
        var start = time.GetTimestamp();
        var result = await part;
        metrics.Stage("refine", _refine = time.GetElapsedTime(start));
        return result;
    }

    /// <summary>Scoring's own time: without the refiner's features that it waited for.</summary>
    public async Task<T> Score<T>(Task<T> part)
    {
        var start = time.GetTimestamp();
        var result = await part;
        metrics.Stage("score", _score = time.GetElapsedTime(start) - _refine);
        return result;
    }

    public StageTimings Report() => new(
        _snapshot.TotalMilliseconds, _encode.TotalMilliseconds, _refine.TotalMilliseconds,
        _score.TotalMilliseconds, Total.TotalMilliseconds);
}
