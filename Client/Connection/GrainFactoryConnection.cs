using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;

namespace FewShotCluster.Client.Connection;

/// <summary>The grains of a process that is part of the cluster (the HTTP edge), or of a client that the program connected itself.</summary>
/// <param name="grains">The factory.</param>
/// <param name="requestGrains">
/// Keys of the request grain that take turns: Orleans ties a key to one gateway, and a client with several wants to use them all.
/// </param>
internal sealed class GrainFactoryConnection(IGrainFactory grains, int requestGrains = 1) : IClusterConnection
{
    private uint asked;

    public string Description => "this process's own grains";

    // A silo's own calls are broken off by Orleans.
    public CancellationToken NextLoss => CancellationToken.None;

    public ValueTask EnsureConnectedAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public IClassSetGrain ClassSet(string id) => grains.GetGrain<IClassSetGrain>(id);

    public IClassSetCatalogGrain Catalog() => grains.GetGrain<IClassSetCatalogGrain>(0);

    public IClassificationGrain Classification() => grains.GetGrain<IClassificationGrain>(Interlocked.Increment(ref asked) % requestGrains);

    public IClusterStatusGrain Status() => grains.GetGrain<IClusterStatusGrain>(0);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
