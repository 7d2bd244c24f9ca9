using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>One background fit as its callers see it. Progress comes from the device's thread, the rest from the grain's turns.</summary>
/// <param name="asked">What is to be fitted.</param>
/// <param name="isDurable">Whether the head remembers it.</param>
/// <param name="time">The clock.</param>
/// <param name="moved">Told of every state and of every few percent; from any thread.</param>
internal sealed class FitRun(PendingFit asked, bool isDurable, TimeProvider time, Action moved)
{
    // Watchers hear of this share of progress.
    private const double Step = 0.05;

    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancelled = new();
    private long _start = time.GetTimestamp();
    private double _progress;
    private double _told;
    private FitState _state = FitState.Queued;
    private FitStatus? _final;

    public PendingFit Asked => asked;

    /// <summary>Whether the head remembers it; one that was due by itself becomes so when somebody asks for it too.</summary>
    public bool IsDurable { get; set; } = isDurable;

    public FitKind Kind => asked.Request.Kind;

    /// <summary>Completes when the fit has ended.</summary>
    public Task Left => _left.Task;

    public bool HasLeft => _final is not null;

    /// <summary>Cancelled when somebody wants the fit to end.</summary>
    public CancellationToken Cancelled => _cancelled.Token;

    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    public FitStatus Status => _final
        ?? new FitStatus(Kind, _state, Volatile.Read(ref _progress), 0, "", _state == FitState.Queued ? 0 : Elapsed.TotalSeconds);

    public void Begin()
    {
        (_start, _state) = (time.GetTimestamp(), FitState.Running);
        moved();
    }

    public void Cancel() => _cancelled.Cancel();

    /// <param name="part">Which of <paramref name="parts"/> equal parts is running, from 0.</param>
    /// <param name="parts">How many there are.</param>
    /// <param name="done">Share of the running part that is done.</param>
    public void Report(int part, int parts, double done)
    {
        var progress = (part + done) / parts;
        Volatile.Write(ref _progress, progress);
        if (Math.Abs(progress - _told) < Step) return;
        _told = progress;
        moved();
    }

    public void Leave(FitState state, long version, string reason)
    {
        var progress = state == FitState.Published ? 1 : Volatile.Read(ref _progress);
        _final = new FitStatus(Kind, state, progress, version, reason, _state == FitState.Queued ? 0 : Elapsed.TotalSeconds);
        _left.TrySetResult();
        moved();
    }
}
