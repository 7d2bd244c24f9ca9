using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;

namespace FewShotCluster.Grains.Classification;

/// <summary>One token for the caller's cancellation and the request's own deadline, and which of the two it was.</summary>
internal sealed class RequestDeadline : IDisposable
{
    private readonly TimeSpan? _limit;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource? _timer;
    private readonly CancellationTokenSource _either;

    public RequestDeadline(TimeSpan? limit, TimeProvider time, CancellationToken caller)
    {
        (_limit, _time, _start, _caller) = (limit, time, time.GetTimestamp(), caller);
        _timer = limit > TimeSpan.Zero ? new CancellationTokenSource(limit.Value, time) : null;
        _either = CancellationTokenSource.CreateLinkedTokenSource(caller, _timer?.Token ?? CancellationToken.None);
    }

    public CancellationToken Token => _either.Token;

    /// <summary>Time left; null: no limit.</summary>
    public TimeSpan? Left => _limit - _time.GetElapsedTime(_start);

    /// <summary>The typed failure behind an exception; the caller's own cancellation stays one.</summary>
    public Exception Explain(Exception exception) => exception switch
    {
        OperationCanceledException when _caller.IsCancellationRequested => exception,
        OperationCanceledException or TimeoutException => new FewShotException(
            FewShotErrorCode.DeadlineExceeded,
            _limit is { } limit ? $"no answer within {limit.TotalMilliseconds:F0} ms: give it more time" : "no answer in time"),
        OrleansException => new FewShotException(
            FewShotErrorCode.DeviceUnavailable, $"a node or device slot did not answer: {exception.Message}", inner: exception),
        _ => VisionErrors.Translate(exception, FewShotErrorCode.Internal),
    };

    public void Dispose()
    {
        _either.Dispose();
        _timer?.Dispose();
    }
}
