using FewShotCluster.GrainInterfaces.Cluster;
using Orleans.Concurrency;

namespace FewShotCluster.GrainInterfaces.Encoders;

/// <summary>
/// The address of one device slot (the key, for example <c>node-a/cuda:0</c>): pinned to the silo that owns the device. It hosts
/// all CLIP encoders of that device, so that an image is decoded once for all of them.
/// </summary>
[Alias("fewshot.IEncoderGrain")]
public interface IEncoderGrain : IGrainWithStringKey
{
    /// <summary>
    /// Features of one image by every encoder of the slot. Without bytes only the cache is asked and null means: send the bytes.
    /// </summary>
    /// <param name="key">The image's content key.</param>
    /// <param name="image">Encoded bytes, or null.</param>
    /// <param name="origin">Who asks, and until when.</param>
    /// <param name="cancellationToken">Cancels the work while it is queued.</param>
    /// <exception cref="Errors.FewShotException">
    /// Overloaded and DeviceUnavailable, both with the time after which trying again makes sense; DeadlineExceeded; InvalidImage; ImageTooLarge.
    /// </exception>
    [Alias("EncodeImage")]
    Task<ImageFeatures?> EncodeImage(ContentKey key, [Immutable] byte[]? image, WorkOrigin origin, CancellationToken cancellationToken);

    /// <summary>
    /// Offers an image that the slot has just encoded to a class set's unlabelled pool; one whose features have left the cache is
    /// passed over.
    /// </summary>
    /// <param name="classSetId">The class set.</param>
    /// <param name="key">The image's content key.</param>
    /// <param name="predicted">Id of the class that was answered: pools are kept balanced by it.</param>
    [Alias("Learn"), OneWay]
    Task Learn(string classSetId, ContentKey key, int predicted);

    /// <summary>Unit-length text features by every encoder of the slot: rows in the order of the texts.</summary>
    [Alias("EncodeTexts")]
    Task<TextFeatures> EncodeTexts([Immutable] IReadOnlyList<string> texts, WorkOrigin origin, CancellationToken cancellationToken);

    /// <summary>
    /// One chunk of a class set's unlabelled pool on this slot: images not labelled by anybody, in order of content key. A chunk of
    /// none tells the pool's size.
    /// </summary>
    [Alias("ReadPool")]
    Task<PoolChunk> ReadPool(string classSetId, int skip, int take, CancellationToken cancellationToken);

    /// <summary>What the slot holds and how busy it is.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<DeviceStatus> GetStatus();

    /// <summary>
    /// Makes the device fail as if its driver had: what it holds fails as DeviceUnavailable, it is quarantined and restarted. For trials of
    /// endurance, on nodes that were started with fault injection.
    /// </summary>
    /// <param name="reason">Appears in status and log.</param>
    /// <exception cref="Errors.FewShotException">Forbidden: the node was started without fault injection. DeviceUnavailable: it is down already.</exception>
    [Alias("InjectFault"), AlwaysInterleave]
    Task InjectFault(string reason);
}

/// <summary>The address of the refiner backbone (ConvNeXt-V2) of one device slot. Heads belong to class sets and are applied elsewhere.</summary>
[Alias("fewshot.IDogRefinerGrain")]
public interface IDogRefinerGrain : IGrainWithStringKey
{
    /// <summary>What the slot's backbone is.</summary>
    /// <exception cref="Errors.FewShotException">ModelUnavailable: the slot has none.</exception>
    [Alias("GetInfo"), AlwaysInterleave]
    Task<EncoderInfo> GetInfo();

    /// <summary>Pooled features of one image; null means: send the bytes.</summary>
    [Alias("Encode")]
    Task<RefinerFeatures?> Encode(ContentKey key, [Immutable] byte[]? image, WorkOrigin origin, CancellationToken cancellationToken);

    /// <summary>Pooled features of augmented views of one labelled photo, for fitting a head.</summary>
    [Alias("EncodeViews")]
    Task<RefinerFeatures> EncodeViews([Immutable] byte[] image, int views, WorkOrigin origin, CancellationToken cancellationToken);
}
