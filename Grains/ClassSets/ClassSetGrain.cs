using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets.Archives;
using FewShotCluster.Grains.ClassSets.Fits;
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
    ClassWrites classWrites,
    ShotWrites shotWrites,
    ImportChecks importChecks,
    ValidationStage validationStage,
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
    private readonly CancellationTokenSource _leaving = new();
    private readonly ChangeSignal _published = new();
    private readonly SnapshotLine _line = new();
    private StoredSet? _stored;

    private string Id => this.GetPrimaryKeyString();

    /// <summary>The published state, a deleted one included.</summary>
    private ClassSetState? State => _stored?.State;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (await repository.Load(Id, cancellationToken) is { } stored)
        {
            Show(stored, stored.State.IsDeleted ? null : await Task.Run(() => SnapshotBuilder.Build(stored.State), cancellationToken), null);
            // What a crash interrupted is taken up again.
            foreach (var asked in stored.Fits.Requests) Enqueue(new FitRun(asked, isDurable: true, time, _moved.Raise));
        }
        this.RegisterGrainTimer(StartDueFit, new() { DueTime = options.RefitCheckInterval, Period = options.RefitCheckInterval, Interleave = true });
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _leaving.Cancel();
        // A fit being published is no request that Orleans waits for: the next activation must read what it wrote.
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(Quietly);
    }

    public Task<ClassSetVersion> Create(ClassSetDefinition definition, WriteOperation operation, CancellationToken cancellationToken)
    {
        ClassSetRules.CheckOperation(operation);
        return Version(writes.Create(Id, definition), operation, cancellationToken);
    }

    public async Task<ClassSetVersion> Delete(WriteOperation operation, CancellationToken cancellationToken)
    {
        var done = await Version(ClassSetWrites.Delete(), operation, cancellationToken);
        CancelAll();
        return done;
    }

    public Task<ClassSetVersion> AddClasses(
        IReadOnlyList<ClassDefinition> classes, WriteOperation operation, CancellationToken cancellationToken) =>
        Version(classWrites.Add(classes), operation, cancellationToken);

    public Task<ClassSetVersion> RemoveClasses(
        IReadOnlyList<string> names, WriteOperation operation, CancellationToken cancellationToken) =>
        Version(classWrites.Remove(names), operation, cancellationToken);

    public Task<ClassSetVersion> RenameClass(
        string name, string newName, string? newPrompt, WriteOperation operation, CancellationToken cancellationToken) =>
        Version(classWrites.Rename(name, newName, newPrompt), operation, cancellationToken);

    public Task<ClassSetVersion> Rollback(long version, WriteOperation operation, CancellationToken cancellationToken) =>
        Version(writes.Rollback(version), operation, cancellationToken);

    public async Task<AddShotsResult> AddShots(IReadOnlyList<Shot> shots, WriteOperation operation, CancellationToken cancellationToken)
    {
        // Nothing is hashed for a set that never was; one that was deleted still knows its operations.
        if (State is null) Existing();
        ClassSetRules.CheckOperation(operation);
        return (await Write(operation, await shotWrites.Add(shots), cancellationToken)).Shots!;
    }

    public Task<ShotsEdited> RemoveShots(ShotSelection selection, WriteOperation operation, CancellationToken cancellationToken) =>
        Edited(shotWrites.Remove(selection), operation, cancellationToken);

    public Task<ShotsEdited> MoveShots(IReadOnlyList<ShotMove> moves, WriteOperation operation, CancellationToken cancellationToken) =>
        Edited(shotWrites.Move(moves), operation, cancellationToken);

    private async Task<ClassSetVersion> Version(WriteRequest request, WriteOperation operation, CancellationToken cancellationToken) =>
        new(Id, (await Write(operation, request, cancellationToken)).Version);

    private async Task<ShotsEdited> Edited(WriteRequest request, WriteOperation operation, CancellationToken cancellationToken)
    {
        var done = await Write(operation, request, cancellationToken);
        return new ShotsEdited(done.Version, done.Count);
    }

    /// <summary>One write: repeated ones get their first answer; a new one is computed, made durable and published.</summary>
    private async Task<OperationRecord> Write(WriteOperation operation, WriteRequest request, CancellationToken cancellationToken)
    {
        ClassSetRules.CheckOperation(operation);
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (OperationLog.Find(State, operation.Id, request.Hash) is { } known) return known;
            if (!request.Creates && State is null) DeactivateOnIdle();
            if (!request.Creates) Existing();
            CheckExpected(operation);
            var write = await request.Prepare(State, cancellationToken);
            var done = new OperationRecord(operation.Id, request.Hash, write.Next?.Version ?? State!.Version, write.Shots, write.Count);
            if (write.Next is not { } next) return done;
            next = next with { Operations = OperationLog.Append(next.Operations, done, options.RememberedOperations) };
            await Publish(next, next.IsDeleted ? PendingFits.None : _stored?.Fits ?? PendingFits.None, write.Blocks, write.Words);
            return done;
        }
        finally
        {
            _writing.Release();
        }
    }

    private void CheckExpected(WriteOperation operation)
    {
        var published = State is { IsDeleted: false } state ? state.Version : 0;
        if (operation.ExpectedVersion is not { } expected || expected == published) return;
        throw new FewShotException(
            FewShotErrorCode.Conflict,
            published == 0
                ? $"class set '{Id}' was expected at version {expected}, there is none"
                : $"class set '{Id}' is at version {published}, {expected} was expected: read it again, then repeat with a fresh operation id");
    }

    /// <summary>Durable before visible. After a failed write memory is not trusted: the next call reads the store again.</summary>
    private async Task Publish(ClassSetState state, PendingFits pending, List<Block> blocks, string words)
    {
        var before = _stored;
        await Durably(state.Version, async () =>
        {
            // Megabytes are compared and hashed: not in a turn.
            var (next, snapshot, step) = await Task.Run(() =>
            {
                var entry = VersionHistory.Append(before?.State, before?.Address, state, words, time.GetUtcNow(), options.KeptVersions);
                var shown = state.IsDeleted ? null : SnapshotBuilder.Build(state);
                return (state with { History = entry }, shown, shown is null ? null : _line.Step(shown));
            });
            Show(await repository.Save(next, pending, before?.State.Version ?? 0, blocks), snapshot, step);
        });
        LogPublished(log, Id, state.Version, words, state.Classes.Length);
    }

    /// <summary>Remembers fits in the head; no version is published.</summary>
    private Task Remember(PendingFits pending, List<Block> blocks)
    {
        var state = State!;
        return Durably(state.Version, async () => _stored = await repository.Save(state, pending, state.Version, blocks));
    }

    private async Task Durably(long version, Func<Task> save)
    {
        try
        {
            await save();
        }
        catch (Exception e)
        {
            LogWriteFailed(log, e, Id, version);
            // Long polls end now: the next call would wait for them.
            _leaving.Cancel();
            DeactivateOnIdle();
            throw;
        }
    }

    private void Show(StoredSet stored, ClassSetSnapshot? snapshot, SnapshotDelta? step)
    {
        (_stored, _export) = (stored, null);
        if (snapshot is null) _line.Clear();
        else _line.Publish(snapshot, step);
        _published.Raise();
        _moved.Raise();
    }

    private ClassSetState Existing()
    {
        if (State is { IsDeleted: false } state) return state;
        // An id that somebody made up must not keep an activation; one that is being created must not lose it.
        if (_writing.CurrentCount > 0 && _import is null) DeactivateOnIdle();
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
