using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets.Fits;
using FewShotCluster.Grains.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using FewShotCluster.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>
/// The single writer of one class set: validate, compute, make durable, publish; in this order and one write at a time. Background
/// fits learn outside of its turns and publish through the same gate.
/// </summary>
internal sealed partial class ClassSetGrain(
    ClassSetRepository repository,
    ClassSetWrites writes,
    ShotsFit shotsFit,
    ProxiesFit proxiesFit,
    AutomaticFits automatic,
    FewShotNodeOptions options,
    FewShotMetrics metrics,
    TimeProvider time,
    ILogger<ClassSetGrain> log) : Grain, IClassSetGrain
{
    private const ConfigureAwaitOptions Quietly = ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(5);

    // Fits interleave with calls: two writes must still never overlap.
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Dictionary<FitKind, FitRun> _fits = [];
    private readonly CancellationTokenSource _leaving = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClassSetState? _state;
    private ClassSetSnapshot? _snapshot;

    private string Id => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (await repository.Load(Id, cancellationToken) is { } stored) Show(stored);
        this.RegisterGrainTimer(StartDueFit, new() { DueTime = options.RefitCheckInterval, Period = options.RefitCheckInterval, Interleave = true });
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _leaving.Cancel();
        // A fit being published is no request that Orleans waits for: the next activation must read what it wrote.
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(Quietly);
    }

    public async Task<ClassSetVersion> Create(ClassSetDefinition definition, string operationId, CancellationToken cancellationToken)
    {
        var (request, prepare) = writes.Create(Id, definition, operationId);
        var done = await Write(operationId, request, prepare, cancellationToken);
        return new ClassSetVersion(Id, done.Version);
    }

    public async Task<ClassSetVersion> AddClasses(
        IReadOnlyList<ClassDefinition> classes, string operationId, CancellationToken cancellationToken)
    {
        Existing();
        var (request, prepare) = writes.AddClasses(classes, operationId);
        var done = await Write(operationId, request, prepare, cancellationToken);
        return new ClassSetVersion(Id, done.Version);
    }

    public async Task<AddShotsResult> AddShots(IReadOnlyList<Shot> shots, string operationId, CancellationToken cancellationToken)
    {
        Existing();
        var (request, prepare) = await writes.AddShots(shots, operationId);
        var done = await Write(operationId, request, prepare, cancellationToken);
        return done.Shots!;
    }

    public Task<FitStatus> StartFit(FitKind kind)
    {
        Existing();
        if (!Enum.IsDefined(kind)) throw new FewShotException(FewShotErrorCode.InvalidArgument, $"there is no fit of kind {kind}");
        if (_fits.TryGetValue(kind, out var running) && running.IsRunning) return Task.FromResult(running.Status);
        var run = new FitRun(kind, time);
        _fits[kind] = run;
        DelayDeactivation(TimeSpan.FromHours(1));
        Fit(kind, run).Ignore();
        return Task.FromResult(run.Status);
    }

    public async Task<FitStatus> WaitForFit(FitKind kind, CancellationToken cancellationToken)
    {
        Existing();
        if (!_fits.TryGetValue(kind, out var run)) return new FitStatus(kind, FitState.None, 0, 0, "", 0);
        await Within(run.Left, cancellationToken);
        return run.Status;
    }

    public Task<ClassSetDescription> Describe() =>
        Task.FromResult(ClassSetDescriber.Describe(Existing(), [.. _fits.Values.Select(run => run.Status)]));

    public ValueTask<ClassSetSnapshot?> GetIfNewer(long haveVersion)
    {
        Existing();
        return new(_snapshot!.Version > haveVersion ? _snapshot : null);
    }

    public async Task<long> WaitForNewer(long haveVersion, CancellationToken cancellationToken)
    {
        if (Existing().Version <= haveVersion) await Within(_changed.Task, cancellationToken);
        return Existing().Version;
    }

    private async Task StartDueFit(CancellationToken cancellationToken)
    {
        if (_state is not { } state || _fits.Values.Any(run => run.IsRunning)) return;
        try
        {
            if (await automatic.Due(state, cancellationToken) is { } kind) await StartFit(kind);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A slot may be gone for a moment: the next look asks again.
            LogLookFailed(log, e, Id);
        }
    }

    /// <summary>One write: repeated ones get their first answer; a new one is computed, made durable and published.</summary>
    private async Task<OperationRecord> Write(
        string operationId,
        GrainInterfaces.Encoders.ContentKey request,
        Func<ClassSetState?, CancellationToken, Task<PreparedWrite>> prepare,
        CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (OperationLog.Find(_state, operationId, request) is { } known) return known;
            var write = await prepare(_state, cancellationToken);
            var done = new OperationRecord(operationId, request, write.Next?.Version ?? _state!.Version, write.Shots);
            if (write.Next is null) return done;
            await Publish(write.Next with { Operations = OperationLog.Append(write.Next.Operations, done) }, write.Blocks);
            return done;
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task Fit(FitKind kind, FitRun run)
    {
        try
        {
            var basis = Existing();
            IClassSetFit fit = kind == FitKind.Shots ? shotsFit : proxiesFit;
            var outcome = await Task.Run(() => fit.Run(basis, run, _leaving.Token));
            await _writing.WaitAsync(_leaving.Token);
            try
            {
                if (outcome.Obstacle(basis, Existing()) is { } obstacle) throw new FitRefusedException(obstacle);
                var blocks = new List<Block>();
                var current = Existing();
                var next = await Task.Run(() => outcome.Merge(current with { Version = current.Version + 1 }, blocks));
                await Publish(next, blocks);
                run.Leave(FitState.Published, next.Version, outcome.Basis);
            }
            finally
            {
                _writing.Release();
            }
        }
        catch (FitRefusedException e)
        {
            run.Leave(FitState.Refused, 0, e.Message);
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // Not a failure: the next activation knows of no fit, and whoever waits for this one starts it anew.
            run.Leave(FitState.None, 0, "given up: its node stops, or the set is loaded anew");
        }
        catch (Exception e)
        {
            LogFitFailed(log, e, kind, Id);
            run.Leave(FitState.Failed, 0, VisionErrors.Translate(e, FewShotErrorCode.Internal).Message);
        }
        metrics.Fit(kind, run.Status.State, run.Elapsed);
        LogFitLeft(log, kind, Id, run.Status.State, run.Status.Reason, run.Elapsed.TotalSeconds);
    }

    /// <summary>Durable before visible. After a failed write memory is not trusted: the next call reads the store again.</summary>
    private async Task Publish(ClassSetState next, List<Block> blocks)
    {
        try
        {
            await repository.Save(next, _state?.Version ?? 0, blocks);
        }
        catch (Exception e)
        {
            LogWriteFailed(log, e, Id, next.Version);
            // Long polls end now: the next call would wait for them.
            _leaving.Cancel();
            DeactivateOnIdle();
            throw;
        }
        Show(next);
        LogPublished(log, Id, next.Version, next.Classes.Length);
    }

    private void Show(ClassSetState state)
    {
        _state = state;
        _snapshot = SnapshotBuilder.Build(state);
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    private ClassSetState Existing()
    {
        if (_state is not null) return _state;
        // An id that somebody made up must not keep an activation; one that is being created must not lose it.
        if (_writing.CurrentCount > 0) DeactivateOnIdle();
        throw new FewShotException(
            FewShotErrorCode.ClassSetNotFound, $"there is no class set '{Id}': create it, or list the ones there are");
    }

    /// <summary>Waits for a task while a long poll lasts and the activation stays; which of them ended it does not matter.</summary>
    private async Task Within(Task task, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(LongPoll, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, _leaving.Token, cancellationToken);
        await task.WaitAsync(either.Token).ConfigureAwait(Quietly);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
