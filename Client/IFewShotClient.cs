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
    /// <param name="operationId">Makes the write idempotent across program restarts; null: a fresh one.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <returns>The published version.</returns>
    /// <exception cref="FewShotException">Conflict when the id exists (or the operation id was used otherwise); InvalidArgument; LimitExceeded.</exception>
    Task<ClassSetVersion> CreateClassSetAsync(
        string classSetId, ClassSetDefinition definition, string? operationId = null, CancellationToken cancellationToken = default);

    /// <summary>Adds names to a class set; photos of them are recognised by text as soon as this returns.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="classes">The new classes; all or none are added.</param>
    /// <param name="operationId">As in <see cref="CreateClassSetAsync"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; the write may still happen.</param>
    /// <returns>The published version; pass it as <see cref="ClassifyOptions.MinimumVersion"/> to read your own write.</returns>
    /// <exception cref="FewShotException">ClassSetNotFound; Conflict for a name or id that exists; InvalidArgument; LimitExceeded.</exception>
    Task<ClassSetVersion> AddClassesAsync(
        string classSetId, IReadOnlyList<ClassDefinition> classes, string? operationId = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Adds labelled photos, in as many calls as their bytes need. Unreadable and oversize photos are listed in the result, the others are added.
    /// </summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="shots">The photos; not modified.</param>
    /// <param name="operationId">As in <see cref="CreateClassSetAsync"/>; with the same photos in the same order a repetition continues where it failed.</param>
    /// <param name="progress">Told after each call.</param>
    /// <param name="cancellationToken">Ends the waiting; photos of finished calls stay added.</param>
    /// <returns>The sums of all calls and the last version.</returns>
    /// <exception cref="FewShotException">ClassSetNotFound, InvalidArgument (unknown class), Overloaded, ...; its message says how many photos were added before.</exception>
    Task<AddShotsResult> AddShotsAsync(
        string classSetId, IReadOnlyList<Shot> shots, string? operationId = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default);

    /// <summary>As the other overload, for photos that do not fit into memory together.</summary>
    Task<AddShotsResult> AddShotsAsync(
        string classSetId, IAsyncEnumerable<Shot> shots, string? operationId = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default);

    /// <summary>Fits LP++ (and the refiner's head) to the set's shots and waits until it is published or refused.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="progress">Told after each poll.</param>
    /// <param name="cancellationToken">Ends the waiting only: the fit goes on in the cluster.</param>
    /// <returns>Published or Refused, with the reason.</returns>
    /// <exception cref="FewShotException">ClassSetNotFound; Internal when the fit failed, with its reason.</exception>
    Task<FitStatus> FitAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="FitAsync"/> for InMaP: learns proxies of all classes from the photos that were classified.</summary>
    Task<FitStatus> RefineAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default);

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
