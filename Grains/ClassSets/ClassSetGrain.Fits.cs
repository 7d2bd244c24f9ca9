using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets.Fits;
using FewShotCluster.Grains.Errors;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <content>Background fits: one at a time, cancellable, remembered by the head until they have ended.</content>
internal sealed partial class ClassSetGrain
{
    // A set that is written to without pause is fitted between two bursts, or not at all.
    private const int MaxAttempts = 5;

    private readonly FitQueue _fits = new();
    private readonly ChangeSignal _moved = new();

    public async Task<AddShotsResult> StageValidation(string key, IReadOnlyList<Shot> shots, CancellationToken cancellationToken)
    {
        Existing();
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var state = Existing();
            var (staged, blocks, answer) = await validationStage.Add(state, _stored!.Fits.Staged, key, shots, cancellationToken);
            if (answer.Added > 0) await Remember(_stored.Fits with { Staged = staged }, blocks);
            return answer;
        }
        finally
        {
            _writing.Release();
        }
    }

    public async Task<FitStatus> StartFit(FitRequest request)
    {
        Existing();
        if (!Enum.IsDefined(request.Kind)) throw new FewShotException(FewShotErrorCode.InvalidArgument, $"there is no fit of kind {request.Kind}");
        if (request.Preset is { } preset && !Enum.IsDefined(preset))
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"there is no preset {preset}");
        if (request is { Kind: FitKind.Proxies, Validation: not null })
            throw new FewShotException(FewShotErrorCode.InvalidArgument, "validation photos choose LP++'s epoch: a fit of proxies has none");
        await _writing.WaitAsync();
        try
        {
            Existing();
            if (_fits.Find(request) is { } same)
            {
                if (same.IsDurable) return same.Status;
                // Before it is remembered: should it end meanwhile, its end must wait and forget it again.
                same.IsDurable = true;
                await Remember(_stored!.Fits with { Requests = [.. _stored.Fits.Requests, same.Asked] }, []);
                return same.Status;
            }
            _fits.CheckRoom();
            var (asked, staged) = ValidationStage.Take(request, _stored!.Fits.Staged);
            await Remember(_stored.Fits with { Requests = [.. _stored.Fits.Requests, asked], Staged = staged }, []);
            var run = new FitRun(asked, isDurable: true, time, _moved.Raise);
            Enqueue(run);
            return run.Status;
        }
        finally
        {
            _writing.Release();
        }
    }

    public async Task<FitStatus> WaitForFit(FitKind kind, CancellationToken cancellationToken)
    {
        Existing();
        if (_fits.Latest(kind) is not { } run) return None(kind);
        await Within(run.Left, cancellationToken);
        return run.Status;
    }

    public async Task<FitStatus> CancelFit(FitKind kind, CancellationToken cancellationToken)
    {
        Existing();
        var runs = _fits.Pending(kind);
        Cancel(runs);
        await Within(Task.WhenAll(runs.Select(run => run.Left)), cancellationToken);
        return _fits.Latest(kind)?.Status ?? None(kind);
    }

    public async Task<ClassSetProgress> WaitForProgress(long change, CancellationToken cancellationToken)
    {
        Existing();
        var (count, next) = _moved.Now;
        if (count == change) await Within(next, cancellationToken);
        var state = Existing();
        var latest = state.History.LastOrDefault()?.Told
            ?? new ClassSetVersionRecord { Version = state.Version, PublishedAt = DateTimeOffset.UnixEpoch, Operation = "before the history began" };
        return new ClassSetProgress(_moved.Now.Count, latest, _fits.Statuses);
    }

    private static FitStatus None(FitKind kind) => new(kind, FitState.None, 0, 0, "", 0);

    private async Task StartDueFit(CancellationToken cancellationToken)
    {
        if (State is not { IsDeleted: false } state || !_fits.IsIdle) return;
        try
        {
            if (await automatic.Due(state, cancellationToken) is not { } kind || !_fits.IsIdle) return;
            // Not remembered by the head: what made it due will make it due again.
            Enqueue(new FitRun(new PendingFit(kind, null), isDurable: false, time, _moved.Raise));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A slot may be gone for a moment: the next look asks again.
            LogLookFailed(log, e, Id);
        }
    }

    private void Enqueue(FitRun run)
    {
        DelayDeactivation(TimeSpan.FromHours(1));
        if (_fits.Add(run)) Fit(run).Ignore();
        _moved.Raise();
    }

    private void CancelAll()
    {
        foreach (var kind in Enum.GetValues<FitKind>()) Cancel(_fits.Pending(kind));
    }

    private void Cancel(FitRun[] runs)
    {
        foreach (var run in runs)
        {
            run.Cancel();
            if (run == _fits.First) continue;
            // It has not begun: nothing else will end it.
            _fits.Remove(run);
            End(run, FitState.Cancelled, 0, "cancelled before it began").Ignore();
        }
    }

    private async Task Fit(FitRun run)
    {
        var (state, version, reason) = (FitState.Failed, 0L, "");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_leaving.Token, run.Cancelled);
        try
        {
            run.Begin();
            (version, reason) = await Learn(run, ending.Token);
            state = FitState.Published;
        }
        catch (FitRefusedException e)
        {
            (state, reason) = (FitState.Refused, e.Message);
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // Not a failure: what was asked for is taken up by the next activation.
            (state, reason) = (FitState.None, "given up: its node stops, or the set is loaded anew");
        }
        catch (OperationCanceledException) when (run.Cancelled.IsCancellationRequested)
        {
            (state, reason) = (FitState.Cancelled, "cancelled");
        }
        catch (Exception e)
        {
            LogFitFailed(log, e, run.Kind, Id);
            reason = VisionErrors.Translate(e, FewShotErrorCode.Internal).Message;
        }
        await End(run, state, version, reason);
        if (_fits.First is { } next && !_leaving.IsCancellationRequested) Fit(next).Ignore();
    }

    /// <summary>Learns until what was learned fits the published classes, and publishes it.</summary>
    private async Task<(long Version, string Basis)> Learn(FitRun run, CancellationToken cancellationToken)
    {
        IClassSetFit fit = run.Kind == FitKind.Shots ? shotsFit : proxiesFit;
        for (var attempt = 1; ; attempt++)
        {
            var basis = Existing();
            var outcome = await Task.Run(() => fit.Run(basis, run, cancellationToken), cancellationToken);
            await _writing.WaitAsync(cancellationToken);
            try
            {
                var current = Existing();
                cancellationToken.ThrowIfCancellationRequested();
                if (outcome.Obstacle(basis, current) is { } obstacle)
                {
                    if (attempt == MaxAttempts) throw new FitRefusedException(obstacle);
                    LogFitAgain(log, run.Kind, Id, obstacle);
                    continue;
                }
                var blocks = new List<Block>();
                var next = await Task.Run(() => outcome.MergeInto(basis, current, blocks), CancellationToken.None);
                await Publish(next, _stored!.Fits.Without(run.Asked.Request), blocks, $"fit of {run.Kind}: {outcome.Basis}");
                return (next.Version, outcome.Basis);
            }
            finally
            {
                _writing.Release();
            }
        }
    }

    /// <summary>Takes a fit out of the line and of the head's memory; one that its node gives up stays in the head.</summary>
    private async Task End(FitRun run, FitState state, long version, string reason)
    {
        if (state != FitState.None && run.IsDurable && !_leaving.IsCancellationRequested)
        {
            await _writing.WaitAsync();
            try
            {
                if (_stored!.Fits.Requests.Any(asked => asked.Request == run.Asked.Request))
                    await Remember(_stored.Fits.Without(run.Asked.Request), []);
            }
            catch (Exception)
            {
                // Logged where it failed: the next activation runs the fit once more.
            }
            finally
            {
                _writing.Release();
            }
        }
        _fits.Remove(run);
        run.Leave(state, version, reason);
        metrics.Fit(run.Kind, state, run.Elapsed);
        LogFitLeft(log, run.Kind, Id, state, reason, run.Elapsed.TotalSeconds);
    }
}
