using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.Storage;

/// <summary>
/// Durable class sets: a small head per set, replaced by compare-and-swap, over content-addressed blocks. What was committed survives
/// the loss of power. Failures are <see cref="FewShotException"/>s: StorageUnavailable, or Conflict where the head moved.
/// </summary>
public interface IClassSetStore
{
    /// <summary>The head of a set; null: there is none.</summary>
    Task<ClassSetHead?> LoadHead(string classSetId, CancellationToken cancellationToken);

    /// <summary>The bytes of blocks; all of them, or StorageUnavailable.</summary>
    Task<IReadOnlyDictionary<ContentKey, byte[]>> LoadBlocks(IReadOnlyCollection<ContentKey> keys, CancellationToken cancellationToken);

    /// <summary>Writes new blocks, then the head that names them, all or nothing; blocks that no head names any more are removed.</summary>
    /// <param name="classSetId">The set.</param>
    /// <param name="expectedRevision">Revision of the head being replaced; 0: none exists.</param>
    /// <param name="head">The new head; of the same revision when it publishes no version.</param>
    /// <param name="blocks">Blocks that may be new to the store; a known one costs nothing.</param>
    /// <param name="cancellationToken">Before the transaction only: a commit once begun is finished.</param>
    Task Commit(
        string classSetId, long expectedRevision, ClassSetHead head, IReadOnlyList<Block> blocks, CancellationToken cancellationToken);

    /// <summary>
    /// All heads by id, ordinal order; those of deleted sets have <see cref="ClassSetHead.Deleted"/> classes
    /// (<see cref="ClassSetStoreExtensions.ListPresent"/> leaves them out).
    /// </summary>
    Task<IReadOnlyList<ClassSetSummary>> List(CancellationToken cancellationToken);

    /// <summary>Where the store is, and whether what it acknowledges survives; a store that is down is an answer, not a failure.</summary>
    Task<StorageStatus> GetStatus(CancellationToken cancellationToken);
}

/// <summary>Questions that every store answers alike.</summary>
public static class ClassSetStoreExtensions
{
    /// <summary>The sets that were not deleted, by id, ordinal order.</summary>
    public static async Task<IReadOnlyList<ClassSetSummary>> ListPresent(this IClassSetStore store, CancellationToken cancellationToken) =>
        [.. (await store.List(cancellationToken)).Where(set => set.Classes != ClassSetHead.Deleted)];
}

/// <summary>Bytes under their own SHA-256.</summary>
public readonly record struct Block(ContentKey Key, ReadOnlyMemory<byte> Bytes);
