using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>A store that refuses commits, or to be read, while told to.</summary>
internal sealed class FailingStore(IClassSetStore inner) : IClassSetStore
{
    public volatile bool Refuses;

    public volatile bool RefusesReads;

    public Task<ClassSetHead?> LoadHead(string classSetId, CancellationToken cancellationToken) => RefusesReads
        ? throw new FewShotException(FewShotErrorCode.StorageUnavailable, "the disk is gone, says the test")
        : inner.LoadHead(classSetId, cancellationToken);

    public Task<IReadOnlyDictionary<ContentKey, byte[]>> LoadBlocks(
        IReadOnlyCollection<ContentKey> keys, CancellationToken cancellationToken) => inner.LoadBlocks(keys, cancellationToken);

    public Task Commit(
        string classSetId,
        long expectedRevision,
        ClassSetHead head,
        IReadOnlyList<Block> blocks,
        CancellationToken cancellationToken) => Refuses
        ? throw new FewShotException(FewShotErrorCode.StorageUnavailable, "the disk is full, says the test")
        : inner.Commit(classSetId, expectedRevision, head, blocks, cancellationToken);

    public Task<IReadOnlyList<ClassSetSummary>> List(CancellationToken cancellationToken) => inner.List(cancellationToken);

    public Task<StorageStatus> GetStatus(CancellationToken cancellationToken) => inner.GetStatus(cancellationToken);
}
