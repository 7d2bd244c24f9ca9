using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>One background fit as its callers see it. Progress comes from the device's thread, the rest from the grain's turns.</summary>
internal sealed class FitRun(FitKind kind, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private double _progress;
    private FitStatus? _final;

    /// <summary>Completes when the fit has left <see cref="FitState.Running"/>.</summary>
    public Task Left => _left.Task;

    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    public bool IsRunning => _final is null;

    public FitStatus Status => _final
        ?? new FitStatus(kind, FitState.Running, Volatile.Read(ref _progress), 0, "", Elapsed.TotalSeconds);

    /// <param name="part">Which of <paramref name="parts"/> equal parts is running, from 0.</param>
    /// <param name="parts">How many there are.</param>
    /// <param name="done">Share of the running part that is done.</param>
    public void Report(int part, int parts, double done) => Volatile.Write(ref _progress, (part + done) / parts);

    public void Leave(FitState state, long version, string reason)
    {
        var progress = state == FitState.Published ? 1 : Volatile.Read(ref _progress);
        _final = new FitStatus(kind, state, progress, version, reason, Elapsed.TotalSeconds);
        _left.TrySetResult();
    }
}
