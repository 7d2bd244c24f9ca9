namespace FewShotCluster.Grains.ClassSets;

/// <summary>Counts events and wakes those who wait for the next one. Raised from any thread.</summary>
internal sealed class ChangeSignal
{
    private readonly Lock _gate = new();
    private long _count = 1;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Events so far, and the task that the next one completes.</summary>
    public (long Count, Task Next) Now
    {
        get
        {
            lock (_gate) return (_count, _next.Task);
        }
    }

    public void Raise()
    {
        TaskCompletionSource waiting;
        lock (_gate)
        {
            _count++;
            waiting = _next;
            _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        waiting.TrySetResult();
    }
}
