using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;

namespace FewShotCluster.Client.Connection;

/// <summary>The grains that the SDK calls, behind whatever transport reaches them.</summary>
internal interface IClusterConnection : IAsyncDisposable
{
    /// <summary>What it is connected to, for messages.</summary>
    string Description { get; }

    /// <summary>Connects unless connected.</summary>
    ValueTask EnsureConnectedAsync(CancellationToken cancellationToken);

    IClassSetGrain ClassSet(string id);

    IClassSetCatalogGrain Catalog();

    IClassificationGrain Classification();

    IClusterStatusGrain Status();
}
