using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.Devices;

/// <content>Why a device does not take work, and when to come back: callers hold the lock.</content>
internal sealed partial class DeviceWorker
{
    // Loading may take longer than it did the first time: callers must not use up their repetitions meanwhile.
    private const double ShortestRestart = 0.25;

    private FewShotException Refused(string reason, FewShotException refusal)
    {
        _metrics.Refused(reason);
        return refusal;
    }

    private FewShotException Full()
    {
        var wait = Wait(RunningLeft + _queue.Backlog());
        return new FewShotException(
            FewShotErrorCode.Overloaded,
            $"device {Slot} has {_queue.Admitted} items waiting, its limit is {QueueLimit}: try again in {wait.TotalMilliseconds:F0} ms or add a device",
            wait);
    }

    private FewShotException Busy(double ahead, double left)
    {
        var wait = Wait(ahead);
        return new FewShotException(
            FewShotErrorCode.Overloaded,
            $"device {Slot} has work for {ahead * 1000:F0} ms before it, the deadline is in {left * 1000:F0} ms: give it more time or add a device",
            wait);
    }

    private FewShotException TooLate(WorkKind kind) => new(
        FewShotErrorCode.DeadlineExceeded,
        $"device {Slot} takes about {_times.Of(kind, 1) * 1000:F0} ms for it, the deadline is sooner: give it more time");

    private FewShotException Unavailable() => _state == DeviceState.Quarantined
        ? new FewShotException(
            FewShotErrorCode.DeviceUnavailable,
            $"device {Slot} failed ({_lastFault}) and is being restarted: send the request to another node, or try again",
            Wait(Math.Max(_restartAt + _loadSeconds - Now, ShortestRestart)))
        : new FewShotException(FewShotErrorCode.DeviceUnavailable, $"device {Slot} is {(_state == DeviceState.Starting ? "starting" : "stopping")}: send the request to another node");

    // What is measured can be off: neither a hammering nor a wait without end may come of it.
    private static TimeSpan Wait(double seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0.01, 60));
}
