using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using Orleans.Concurrency;

namespace FewShotCluster.GrainInterfaces.Cluster;

/// <summary>The whole cluster at a glance.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClusterStatus")]
public sealed record ClusterStatus(
    [property: Id(0)] IReadOnlyList<NodeStatus> Nodes,
    [property: Id(1)] IReadOnlyList<DeviceStatus> Devices,
    [property: Id(2)] IReadOnlyList<ClassSetSummary> ClassSets)
{
    /// <summary>Where class sets are kept; null: not told.</summary>
    [Id(3)]
    public StorageStatus? Storage { get; init; }
}

/// <summary>Where class sets are kept.</summary>
/// <param name="Store">The file or server.</param>
/// <param name="Available">Whether it answers. While it does not, the list of class sets is empty, writes fail and reads go on from snapshots.</param>
/// <param name="Durable">Whether acknowledged writes survive a crash and the loss of power.</param>
/// <param name="Detail">Why, in words.</param>
[GenerateSerializer, Immutable, Alias("fewshot.StorageStatus")]
public sealed record StorageStatus(
    [property: Id(0)] string Store, [property: Id(1)] bool Available, [property: Id(2)] bool Durable, [property: Id(3)] string Detail);

/// <summary>One silo.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Address">Its silo address.</param>
/// <param name="State">Membership state.</param>
/// <param name="Slots">Its device slots.</param>
[GenerateSerializer, Immutable, Alias("fewshot.NodeStatus")]
public sealed record NodeStatus(
    [property: Id(0)] string Name,
    [property: Id(1)] string Address,
    [property: Id(2)] string State,
    [property: Id(3)] IReadOnlyList<string> Slots);

/// <summary>One device slot.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.DeviceStatus")]
public sealed record DeviceStatus
{
    /// <summary>The slot, for example <c>node-a/cpu:0</c>.</summary>
    [Id(0)]
    public required string Slot { get; init; }

    /// <summary>Its encoders, the refiner last.</summary>
    [Id(1)]
    public required IReadOnlyList<EncoderInfo> Encoders { get; init; }

    /// <summary>Weights' dtype on the device.</summary>
    [Id(2)]
    public required string Dtype { get; init; }

    /// <summary>Images and texts waiting.</summary>
    [Id(3)]
    public required int QueueLength { get; init; }

    /// <summary>Bound of the queue.</summary>
    [Id(4)]
    public required int QueueLimit { get; init; }

    /// <summary>Items encoded since start.</summary>
    [Id(5)]
    public required long Encoded { get; init; }

    /// <summary>Batches run since start.</summary>
    [Id(6)]
    public required long Batches { get; init; }

    /// <summary>Cache lookups answered since start.</summary>
    [Id(7)]
    public required long CacheHits { get; init; }

    /// <summary>Cache lookups missed since start.</summary>
    [Id(8)]
    public required long CacheMisses { get; init; }

    /// <summary>What computes, as in <c>onednn avx512 bf16</c> or <c>aten cuda</c>.</summary>
    [Id(9)]
    public string Kernels { get; init; } = "";

    /// <summary>Threads that one computation may use (CPU).</summary>
    [Id(10)]
    public int Threads { get; init; }

    /// <summary>Whether it takes work.</summary>
    [Id(11)]
    public DeviceState State { get; init; }

    /// <summary>Faults since start: each quarantined the device.</summary>
    [Id(12)]
    public long Faults { get; init; }

    /// <summary>The last fault in words; empty: none yet.</summary>
    [Id(13)]
    public string LastFault { get; init; } = "";

    /// <summary>Items in the batch that runs now.</summary>
    [Id(14)]
    public int Running { get; init; }
}

/// <summary>What a device is doing.</summary>
public enum DeviceState
{
    /// <summary>Loading its models for the first time.</summary>
    Starting = 0,

    /// <summary>It takes work.</summary>
    Active = 1,

    /// <summary>It failed; it takes work again once its models are loaded anew. Cached features are still served.</summary>
    Quarantined = 2,

    /// <summary>Its node stops.</summary>
    Stopped = 3,
}

/// <summary>Reports on the cluster.</summary>
[Alias("fewshot.IClusterStatusGrain")]
public interface IClusterStatusGrain : IGrainWithIntegerKey
{
    /// <summary>Nodes, device slots and class sets; a slot that does not answer is left out of the devices.</summary>
    [Alias("GetStatus"), AlwaysInterleave]
    Task<ClusterStatus> GetStatus(CancellationToken cancellationToken);

    /// <summary>
    /// Waits, for five seconds at most, until one of the silos given is none of the cluster's any more: calls to it will never be answered.
    /// Clients wait here since nothing else tells them of a silo behind their gateway.
    /// </summary>
    /// <param name="silos">Silo addresses, as this answered before; empty: answer at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The addresses of the silos that are alive now.</returns>
    [Alias("WaitForLoss"), AlwaysInterleave]
    Task<string[]> WaitForLoss(string[] silos, CancellationToken cancellationToken);
}
