using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets.Archives;

namespace FewShotCluster.Grains.ClassSets;

/// <content>What is read of a set, and the set as a file.</content>
internal sealed partial class ClassSetGrain
{
    private ClassSetExport? _export;
    private ClassSetImport? _import;

    public Task<ClassSetDescription> Describe() => Task.FromResult(ClassSetDescriber.Describe(Existing(), _fits.Statuses));

    public ValueTask<SnapshotUpdate?> GetIfNewer(long haveVersion)
    {
        Existing();
        return new(_line.From(haveVersion));
    }

    public async Task<long> WaitForNewer(long haveVersion, CancellationToken cancellationToken)
    {
        var next = _published.Now.Next;
        if (Existing().Version <= haveVersion) await Within(next, cancellationToken);
        return Existing().Version;
    }

    public Task<IReadOnlyList<ShotRecord>> ListShots()
    {
        var state = Existing();
        return Task.FromResult<IReadOnlyList<ShotRecord>>(
            [.. state.Shots.SelectMany(batch => batch.Classes.Zip(batch.Keys, (position, key) => new ShotRecord(state.Classes[position].Id, key)))]);
    }

    public Task<IReadOnlyList<ClassSetVersionRecord>> GetHistory() =>
        Task.FromResult<IReadOnlyList<ClassSetVersionRecord>>([.. Existing().History.Select(entry => entry.Told)]);

    public async Task<ClassSetArchive> Export()
    {
        var state = Existing();
        var export = await Task.Run(() => new ClassSetExport(state, repository));
        _export = export;
        return export.Archive;
    }

    public async Task<byte[]> ReadArray(long version, string name, long offset, int count, CancellationToken cancellationToken)
    {
        var state = Existing();
        if (_export is not { } export || export.Archive.Version != version)
        {
            var exported = version == state.Version ? state : await repository.LoadState(Kept(state, version), cancellationToken);
            export = await Task.Run(() => new ClassSetExport(exported, repository), cancellationToken);
            _export = export;
        }
        return await export.Read(name, offset, count, cancellationToken);
    }

    public async Task<ArchiveArray[]> BeginImport(byte[] manifest, WriteOperation operation, CancellationToken cancellationToken)
    {
        ClassSetRules.CheckOperation(operation);
        // The repetition of an import that succeeded is to be answered, not refused.
        if (State?.Operations.Any(known => known.OperationId == operation.Id) is not true) await writes.CheckNew(Id, State, cancellationToken);
        _import = await importChecks.Begin(Id, manifest, operation.Id, cancellationToken);
        return _import.Arrays;
    }

    public Task WriteArray(string operationId, string name, long offset, byte[] bytes)
    {
        Importing(operationId).Write(name, offset, bytes);
        return Task.CompletedTask;
    }

    public async Task<ClassSetVersion> EndImport(WriteOperation operation, CancellationToken cancellationToken)
    {
        var import = Importing(operation.Id);
        var (hash, prepare) = await Task.Run(import.Complete, cancellationToken);
        var request = new WriteRequest(hash, Prepare) { Creates = true };
        var done = await Version(request, operation, cancellationToken);
        _import = null;
        return done;

        async Task<PreparedWrite> Prepare(ClassSetState? before, CancellationToken token)
        {
            await writes.CheckNew(Id, before, token);
            return await Task.Run(() => prepare(Id, before), token);
        }
    }

    private ClassSetImport Importing(string operationId) => _import is { } import && import.OperationId == operationId
        ? import
        : throw new FewShotException(
            FewShotErrorCode.Conflict, $"the import '{operationId}' of '{Id}' is not under way: its node was lost or another one began; begin again");

    private static Storage.Payload Kept(ClassSetState state, long version)
    {
        try
        {
            return VersionHistory.Find(state, version);
        }
        catch (FewShotException e) when (e.Code == FewShotErrorCode.InvalidArgument)
        {
            throw new FewShotException(FewShotErrorCode.Conflict, $"{e.Message}; begin the export again", inner: e);
        }
    }
}
