namespace FewShotCluster.Bench.Cluster;

/// <summary>Callers pass while it is open; a closed one tells when all of them wait at it.</summary>
/// <param name="callers">How many there are.</param>
internal sealed class Gate(int callers)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? opened;
    private TaskCompletionSource? allWait;
    private int waiting, left;

    /// <summary>Waits while the gate is closed.</summary>
    public Task PassAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (opened is null) return Task.CompletedTask;
            waiting++;
            Tell();
            return opened.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A caller that will not come again.</summary>
    public void Leave()
    {
        lock (gate)
        {
            left++;
            Tell();
        }
    }

    /// <summary>Closes the gate; the task ends when every caller waits at it or has left.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            (opened, allWait, waiting) = (new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously), 0);
            Tell();
            return allWait.Task;
        }
    }

    /// <summary>Lets all pass.</summary>
    public void Open()
    {
        lock (gate)
        {
            opened?.TrySetResult();
            opened = null;
        }
    }

    private void Tell()
    {
        if (opened is not null && waiting + left >= callers) allWait!.TrySetResult();
    }
}
