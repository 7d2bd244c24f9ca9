using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client;

/// <summary>
/// The cluster as seen from a .NET program. Thread-safe and long-lived: one per program. It connects at the first call, and
/// again by itself after a loss. Every failure is a <see cref="FewShotException"/> with a closed code, or an
/// <see cref="OperationCanceledException"/> when the caller's token was cancelled. Calls are repeated, within their deadline and a
/// budget, when that can help; writes carry an operation id (made here unless given), so a repetition never writes twice.
/// </summary>
public interface IFewShotClient : IAsyncDisposable
{
    /// <summary>Creates a class set.</summary>
    /// <param name="classSetId">The new set's id.</param>
    /// <param name="definition">Its classes and policy; at most <see cref="PayloadLimits.MaxPayloadBytes"/> in one call.</param>
    /// <param name="operation">
    /// Its id makes the write idempotent across program restarts (a string converts to it); its expected version makes the write a Conflict
    /// when another one is published. Null: a fresh id, no expectation.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <returns>The published version.</returns>
    /// <exception cref="FewShotException">Conflict when the id exists (or the operation id was used otherwise); InvalidArgument; LimitExceeded.</exception>
    Task<ClassSetVersion> CreateClassSetAsync(
        string classSetId, ClassSetDefinition definition, WriteOperation? operation = null, CancellationToken cancellationToken = default);

    /// <summary>Adds names to a class set; photos of them are recognised by text as soon as this returns.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="classes">The new classes; all or none are added.</param>
    /// <param name="operation">As in <see cref="CreateClassSetAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <returns>The published version; pass it as <see cref="ClassifyOptions.MinimumVersion"/> to read your own write.</returns>
    /// <exception cref="FewShotException">ClassSetNotFound; Conflict for a name or id that exists; InvalidArgument; LimitExceeded.</exception>
    Task<ClassSetVersion> AddClassesAsync(
        string classSetId, IReadOnlyList<ClassDefinition> classes, WriteOperation? operation = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes a class set with its shots and its history; its id can be used again, and its versions go on from there.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="operation">As in <see cref="CreateClassSetAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <exception cref="FewShotException">ClassSetNotFound; Conflict.</exception>
    Task<ClassSetVersion> DeleteClassSetAsync(
        string classSetId, WriteOperation? operation = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes classes with their shots, all or none: from the returned version on nothing answers them. The others keep their ids and what
    /// was fitted for them; the ids of the removed ones are not given again (a rollback brings the very classes back).
    /// </summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="names">Names of the classes.</param>
    /// <param name="operation">As in <see cref="CreateClassSetAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <exception cref="FewShotException">ClassSetNotFound; InvalidArgument for a name that is not there; Conflict.</exception>
    Task<ClassSetVersion> RemoveClassesAsync(
        string classSetId, IReadOnlyList<string> names, WriteOperation? operation = null, CancellationToken cancellationToken = default);

    /// <summary>Gives a class another name; it keeps its id, family and shots, and is recognised by its new text until the next fit.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="name">Its name until now.</param>
    /// <param name="newName">Its name from now on.</param>
    /// <param name="newPrompt">Its prompt from now on; null: the templates with its name.</param>
    /// <param name="operation">As in <see cref="CreateClassSetAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <exception cref="FewShotException">ClassSetNotFound; InvalidArgument; Conflict for a name that another class has.</exception>
    Task<ClassSetVersion> RenameClassAsync(
        string classSetId, string name, string newName, string? newPrompt = null, WriteOperation? operation = null,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Adds labelled photos, in as many calls as their bytes need. Unreadable and oversize photos are listed in the result, the others are added.
    /// </summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="shots">The photos; not modified.</param>
    /// <param name="operation">As in <see cref="CreateClassSetAsync"/>; with the same id and photos in the same order a repetition continues where it failed.</param>
    /// <param name="progress">Told after each call.</param>
    /// <param name="cancellationToken">Ends the waiting; photos of finished calls stay added.</param>
    /// <returns>The sums of all calls and the last version.</returns>
    /// <exception cref="FewShotException">ClassSetNotFound, InvalidArgument (unknown class), Overloaded, ...; its message says how many photos were added before.</exception>
    Task<AddShotsResult> AddShotsAsync(
        string classSetId, IReadOnlyList<Shot> shots, WriteOperation? operation = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default);

    /// <summary>As the other overload, for photos that do not fit into memory together.</summary>
    Task<AddShotsResult> AddShotsAsync(
        string classSetId, IAsyncEnumerable<Shot> shots, WriteOperation? operation = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default);

    /// <summary>Removes shots, by class or by content.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="selection">Which; none is InvalidArgument.</param>
    /// <param name="operation">As in <see cref="CreateClassSetAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <exception cref="FewShotException">ClassSetNotFound; InvalidArgument for a class or content that is not there; Conflict.</exception>
    Task<ShotsEdited> RemoveShotsAsync(
        string classSetId, ShotSelection selection, WriteOperation? operation = null, CancellationToken cancellationToken = default);

    /// <summary>Gives shots other labels, all or none. Into the refiner's family only shots of that family can be moved.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="moves">Which shots, and where to.</param>
    /// <param name="operation">As in <see cref="CreateClassSetAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <exception cref="FewShotException">ClassSetNotFound; InvalidArgument for a class or content that is not there; Conflict.</exception>
    Task<ShotsEdited> MoveShotsAsync(
        string classSetId, IReadOnlyList<ShotMove> moves, WriteOperation? operation = null, CancellationToken cancellationToken = default);

    /// <summary>All shots of a set: class and content key of each, in the order of their adding.</summary>
    /// <exception cref="FewShotException">ClassSetNotFound.</exception>
    Task<IReadOnlyList<ShotRecord>> ListShotsAsync(string classSetId, CancellationToken cancellationToken = default);

    /// <summary>The versions that the set can be rolled back to, oldest first; the last is the published one.</summary>
    /// <exception cref="FewShotException">ClassSetNotFound.</exception>
    Task<IReadOnlyList<ClassSetVersionRecord>> GetHistoryAsync(string classSetId, CancellationToken cancellationToken = default);

    /// <summary>Publishes the content of an earlier version as the next version.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="version">One of its history.</param>
    /// <param name="operation">As in <see cref="CreateClassSetAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <exception cref="FewShotException">ClassSetNotFound; InvalidArgument for a version that is not kept; VersionNotReached; Conflict.</exception>
    Task<ClassSetVersion> RollbackAsync(
        string classSetId, long version, WriteOperation? operation = null, CancellationToken cancellationToken = default);

    /// <summary>Writes the published version of a set as one file: a zip of a JSON manifest and NumPy arrays, with SHA-256 of each.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="destination">Written from where it stands; stays open. What was written before a failure is of no use.</param>
    /// <param name="progress">Told the share that is done, 0 to 1.</param>
    /// <param name="cancellationToken">Ends the export.</param>
    /// <returns>The exported version.</returns>
    /// <exception cref="FewShotException">ClassSetNotFound; Conflict when the version was given up meanwhile: export again.</exception>
    Task<ClassSetVersion> ExportClassSetAsync(
        string classSetId, Stream destination, IProgress<double>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Creates a class set from an exported file. It is checked before anything is sent, and again by the cluster.</summary>
    /// <param name="source">The file; must be seekable; stays open.</param>
    /// <param name="classSetId">The new set's id; null: that of the exported one.</param>
    /// <param name="operation">As in <see cref="CreateClassSetAsync"/>.</param>
    /// <param name="progress">Told the share that is done, 0 to 1.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <returns>The published version.</returns>
    /// <exception cref="FewShotException">
    /// InvalidArgument for a damaged, truncated or foreign file; ModelUnavailable when the cluster serves other encoders; LimitExceeded;
    /// Conflict when the id exists.
    /// </exception>
    Task<ClassSetVersion> ImportClassSetAsync(
        Stream source, string? classSetId = null, WriteOperation? operation = null, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default);

    /// <summary>Fits LP++ (and the refiner's head) to the set's shots and waits until it is published or refused.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="progress">Told after each poll.</param>
    /// <param name="cancellationToken">Ends the waiting only: the fit goes on in the cluster, and is taken up again after a crash.</param>
    /// <returns>Published, Refused or Cancelled, with the reason.</returns>
    /// <exception cref="FewShotException">ClassSetNotFound; Internal when the fit failed, with its reason.</exception>
    Task<FitStatus> FitAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>As the other overload, with wishes: a preset, validation photos that choose the epoch.</summary>
    Task<FitStatus> FitAsync(
        string classSetId, FitOptions options, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>As a fit, for InMaP: learns proxies of all classes from the photos that were classified.</summary>
    Task<FitStatus> RefineAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>As the other overload, by a preset instead of the policy's.</summary>
    Task<FitStatus> RefineAsync(
        string classSetId, FitPreset preset, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Ends the fits of a kind that run or wait.</summary>
    /// <returns>The state of the latest one: Cancelled, or what it came to before.</returns>
    /// <exception cref="FewShotException">ClassSetNotFound.</exception>
    Task<FitStatus> CancelFitAsync(string classSetId, FitKind kind, CancellationToken cancellationToken = default);

    /// <summary>Follows versions and fits: the present state first, then every change, until the enumeration is left or the set deleted.</summary>
    /// <exception cref="FewShotException">ClassSetNotFound.</exception>
    IAsyncEnumerable<ClassSetProgress> WatchAsync(string classSetId, CancellationToken cancellationToken = default);

    /// <summary>Classifies one photo.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="image">Encoded bytes (JPEG, PNG, WebP, ...); must stay as they are until the task ends.</param>
    /// <param name="options">What to return and how long to wait; null: the defaults.</param>
    /// <param name="cancellationToken">Cancels the request; work not yet begun on a device is dropped.</param>
    /// <exception cref="FewShotException">ClassSetNotFound, InvalidImage, ImageTooLarge, InvalidArgument, VersionNotReached, Overloaded, DeadlineExceeded, DeviceUnavailable.</exception>
    Task<ClassificationAnswer> ClassifyAsync(
        string classSetId, ReadOnlyMemory<byte> image, ClassifyOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Classifies a stream of photos with a bounded number in flight; outcomes come in the order of the inputs.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="images">The photos; read no faster than they are classified.</param>
    /// <param name="options">For every photo; null: the defaults.</param>
    /// <param name="concurrency">Photos in flight, 1 to 1024.</param>
    /// <param name="cancellationToken">Cancels everything in flight.</param>
    /// <returns>One outcome a photo: an answer or a typed failure. Leaving the enumeration cancels what is in flight.</returns>
    IAsyncEnumerable<ClassifyOutcome> ClassifyManyAsync(
        string classSetId, IAsyncEnumerable<ClassifyItem> images, ClassifyOptions? options = null, int concurrency = 16,
        CancellationToken cancellationToken = default);

    /// <summary>The set in words: classes, shots, policy, what its stages are served from.</summary>
    /// <exception cref="FewShotException">ClassSetNotFound.</exception>
    Task<ClassSetDescription> DescribeAsync(string classSetId, CancellationToken cancellationToken = default);

    /// <summary>All class sets, by id.</summary>
    Task<IReadOnlyList<ClassSetSummary>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>Nodes, devices and class sets of the cluster.</summary>
    Task<ClusterStatus> GetStatusAsync(CancellationToken cancellationToken = default);
}
