using Orleans.Concurrency;

namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>
/// The single writer of one class set (the key is its id). Writes are durable before they are visible, idempotent by
/// operation id (the same id with another payload is a Conflict) and each publishes the next version.
/// </summary>
[Alias("fewshot.IClassSetGrain")]
public interface IClassSetGrain : IGrainWithStringKey
{
    /// <summary>Creates the set; its names' text features are computed first. An existing id is a Conflict.</summary>
    [Alias("Create")]
    Task<ClassSetVersion> Create(ClassSetDefinition definition, string operationId, CancellationToken cancellationToken);

    /// <summary>Adds names; photos of them are recognised by text at once. A name or id that exists is a Conflict.</summary>
    [Alias("AddClasses")]
    Task<ClassSetVersion> AddClasses(IReadOnlyList<ClassDefinition> classes, string operationId, CancellationToken cancellationToken);

    /// <summary>Adds labelled photos; their features are computed and stored. An image that a class already has counts as a duplicate.</summary>
    [Alias("AddShots")]
    Task<AddShotsResult> AddShots([Immutable] IReadOnlyList<Shot> shots, string operationId, CancellationToken cancellationToken);

    /// <summary>Starts a background fit, or reports the one of that kind that is running.</summary>
    [Alias("StartFit")]
    Task<FitStatus> StartFit(FitKind kind);

    /// <summary>The fit's state; waits up to five seconds for it to leave <see cref="FitState.Running"/>.</summary>
    [Alias("WaitForFit"), AlwaysInterleave]
    Task<FitStatus> WaitForFit(FitKind kind, CancellationToken cancellationToken);

    /// <summary>The set in words.</summary>
    [Alias("Describe"), AlwaysInterleave]
    Task<ClassSetDescription> Describe();

    /// <summary>The published snapshot if it is newer than the one the caller has; null otherwise.</summary>
    [Alias("GetIfNewer"), AlwaysInterleave]
    ValueTask<ClassSetSnapshot?> GetIfNewer(long haveVersion);

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
