using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;

namespace FewShotCluster.Client.Connection;

/// <summary>The grains of a process that is part of the cluster (the HTTP edge), or of a client that the program connected itself.</summary>
internal sealed class GrainFactoryConnection(IGrainFactory grains) : IClusterConnection
{
    public string Description => "this process's own grains";

    public ValueTask EnsureConnectedAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public IClassSetGrain ClassSet(string id) => grains.GetGrain<IClassSetGrain>(id);

    public IClassSetCatalogGrain Catalog() => grains.GetGrain<IClassSetCatalogGrain>(0);

    public IClassificationGrain Classification() => grains.GetGrain<IClassificationGrain>(0);

    public IClusterStatusGrain Status() => grains.GetGrain<IClusterStatusGrain>(0);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
