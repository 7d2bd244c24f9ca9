using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Storage;
using Orleans.Concurrency;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>Lists what the store holds.</summary>
[StatelessWorker(1), Reentrant]
internal sealed class ClassSetCatalogGrain(IClassSetStore store) : Grain, IClassSetCatalogGrain
{
    public Task<IReadOnlyList<ClassSetSummary>> List(CancellationToken cancellationToken) => store.ListPresent(cancellationToken);
}
