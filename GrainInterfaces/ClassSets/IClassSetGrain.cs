using Orleans.Concurrency;

namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>
/// The single writer of one class set (the key is its id). Writes are durable before they are visible, idempotent by
/// operation id (the same id with another payload is a Conflict) and each publishes the next version.
/// </summary>
[Alias("fewshot.IClassSetGrain")]
public interface IClassSetGrain : IGrainWithStringKey
{
    /// <summary>
    /// Creates the set; its names' text features are computed first. An existing id is a Conflict; the versions of one that was deleted
    /// are continued.
    /// </summary>
    [Alias("Create")]
    Task<ClassSetVersion> Create(ClassSetDefinition definition, WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>Deletes the set with its history; nothing of it is answered any more. Its id can be used again.</summary>
    [Alias("Delete")]
    Task<ClassSetVersion> Delete(WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>Adds names; photos of them are recognised by text at once. A name or id that exists is a Conflict.</summary>
    [Alias("AddClasses")]
    Task<ClassSetVersion> AddClasses(IReadOnlyList<ClassDefinition> classes, WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>
    /// Removes classes by name with their shots, all or none: they vanish from every stage at once. The others keep their ids and what
    /// was fitted for them; the removed ids are not given again.
    /// </summary>
    [Alias("RemoveClasses")]
    Task<ClassSetVersion> RemoveClasses(IReadOnlyList<string> names, WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a class another name, and prompt or none; it keeps id, family and shots. It is served by its new text until the next fit.
    /// </summary>
    [Alias("RenameClass")]
    Task<ClassSetVersion> RenameClass(
        string name, string newName, string? newPrompt, WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>Adds labelled photos; their features are computed and stored. An image that a class already has counts as a duplicate.</summary>
    [Alias("AddShots")]
    Task<AddShotsResult> AddShots([Immutable] IReadOnlyList<Shot> shots, WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>Removes shots; selecting none is InvalidArgument.</summary>
    [Alias("RemoveShots")]
    Task<ShotsEdited> RemoveShots(ShotSelection selection, WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>
    /// Gives shots other labels, all or none. A photo that the new class already has is dropped from the old one. Into the refiner's
    /// family only shots of that family can be moved: the others' views were never computed.
    /// </summary>
    [Alias("MoveShots")]
    Task<ShotsEdited> MoveShots([Immutable] IReadOnlyList<ShotMove> moves, WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>All shots, in the order of their adding.</summary>
    [Alias("ListShots"), AlwaysInterleave]
    Task<IReadOnlyList<ShotRecord>> ListShots();

    /// <summary>Publishes the content of a kept version as the next version. Ids that come back are the same classes'.</summary>
    [Alias("Rollback")]
    Task<ClassSetVersion> Rollback(long version, WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>The kept versions, oldest first.</summary>
    [Alias("GetHistory"), AlwaysInterleave]
    Task<IReadOnlyList<ClassSetVersionRecord>> GetHistory();

    /// <summary>Begins an export of the published version.</summary>
    [Alias("Export"), AlwaysInterleave]
    Task<ClassSetArchive> Export();

    /// <summary>A stretch of an exported array; Conflict when that version is no longer kept.</summary>
    [Alias("ReadArray"), AlwaysInterleave]
    Task<byte[]> ReadArray(long version, string name, long offset, int count, CancellationToken cancellationToken);

    /// <summary>
    /// Begins an import: what the manifest says is checked (format, limits, encoders that are served here). Tells which arrays must come.
    /// An import that another one pushes out, or that its node loses, is begun again. An existing id is a Conflict.
    /// </summary>
    [Alias("BeginImport")]
    Task<ArchiveArray[]> BeginImport([Immutable] byte[] manifest, WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>The next stretch of an array; stretches come in order, one sent again is passed over.</summary>
    [Alias("WriteArray")]
    Task WriteArray(string operationId, string name, long offset, [Immutable] byte[] bytes);

    /// <summary>Checks what was written and creates the set.</summary>
    [Alias("EndImport")]
    Task<ClassSetVersion> EndImport(WriteOperation operation, CancellationToken cancellationToken);

    /// <summary>
    /// Sends photos that a fit is to choose its epoch by, under a key of the caller's; a new key replaces what was staged. They are no
    /// part of the set and publish no version. A repetition adds nothing twice.
    /// </summary>
    [Alias("StageValidation")]
    Task<AddShotsResult> StageValidation(string key, [Immutable] IReadOnlyList<Shot> shots, CancellationToken cancellationToken);

    /// <summary>
    /// Asks for a background fit, or reports the one that was asked for likewise and has not ended. The fits of a set run one after the
    /// other; one that finds its classes changed at the end begins anew.
    /// </summary>
    [Alias("StartFit")]
    Task<FitStatus> StartFit(FitRequest request);

    /// <summary>The latest fit's state; waits up to five seconds for it to end.</summary>
    [Alias("WaitForFit"), AlwaysInterleave]
    Task<FitStatus> WaitForFit(FitKind kind, CancellationToken cancellationToken);

    /// <summary>Ends the fits of a kind, running or waiting; what one has published already stays. Their state afterwards.</summary>
    [Alias("CancelFit"), AlwaysInterleave]
    Task<FitStatus> CancelFit(FitKind kind, CancellationToken cancellationToken);

    /// <summary>Versions and fits as they move: returns once something has happened since <paramref name="change"/>, or after five seconds.</summary>
    [Alias("WaitForProgress"), AlwaysInterleave]
    Task<ClassSetProgress> WaitForProgress(long change, CancellationToken cancellationToken);

    /// <summary>The set in words.</summary>
    [Alias("Describe"), AlwaysInterleave]
    Task<ClassSetDescription> Describe();

    /// <summary>The way to the published snapshot if it is newer than the one the caller has; null otherwise.</summary>
    [Alias("GetIfNewer"), AlwaysInterleave]
    ValueTask<SnapshotUpdate?> GetIfNewer(long haveVersion);

    /// <summary>Long poll: returns the published version once it is newer, or after five seconds as it is.</summary>
    [Alias("WaitForNewer"), AlwaysInterleave]
    Task<long> WaitForNewer(long haveVersion, CancellationToken cancellationToken);
}

/// <summary>Lists the class sets of the cluster's store.</summary>
[Alias("fewshot.IClassSetCatalogGrain")]
public interface IClassSetCatalogGrain : IGrainWithIntegerKey
{
    /// <summary>All class sets by id, ordinal order.</summary>
    [Alias("List")]
    Task<IReadOnlyList<ClassSetSummary>> List(CancellationToken cancellationToken);
}
