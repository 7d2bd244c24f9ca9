using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;

namespace FewShotCluster.Client.Connection;

/// <summary>The grains that the SDK calls, behind whatever transport reaches them.</summary>
internal interface IClusterConnection : IAsyncDisposable
{
    /// <summary>What it is connected to, for messages.</summary>
    string Description { get; }

    /// <summary>Cancelled when a node is lost: a call that was sent before may never be answered. Another token takes its place then.</summary>
    CancellationToken NextLoss { get; }

    /// <summary>Connects unless connected.</summary>
    ValueTask EnsureConnectedAsync(CancellationToken cancellationToken);

    IClassSetGrain ClassSet(string id);

    IClassSetCatalogGrain Catalog();

    IClassificationGrain Classification();

    IClusterStatusGrain Status();
}
