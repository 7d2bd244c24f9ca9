using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Placement;
using FewShotCluster.Grains.Storage;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace FewShotCluster.Grains.Cluster;

/// <summary>Nodes by membership, devices by asking their slots, class sets by the store; what does not answer is left out.</summary>
[StatelessWorker(1), Reentrant]
internal sealed partial class ClusterStatusGrain(
    IClusterMembershipService membership,
    ISiloMetadataCache metadata,
    SlotRouter router,
    IClassSetStore store,
    TimeProvider time,
    ILogger<ClusterStatusGrain> log) : Grain, IClusterStatusGrain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(5);

    public async Task<ClusterStatus> GetStatus(CancellationToken cancellationToken)
    {
        var storage = store.GetStatus(cancellationToken);
        var classSets = ClassSets(cancellationToken);
        var devices = await Task.WhenAll(router.Slots.Select(slot => Ask(slot.Name, cancellationToken)));
        return new ClusterStatus(Nodes(), devices.OfType<DeviceStatus>().ToArray(), await classSets) { Storage = await storage };
    }

    public async Task<string[]> WaitForLoss(string[] silos, CancellationToken cancellationToken)
    {
        var alive = Alive(membership.CurrentSnapshot);
        if (silos.Length == 0 || silos.Except(alive).Any()) return alive;
        using var over = new CancellationTokenSource(LongPoll, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(either.Token))
            {
                alive = Alive(snapshot);
                if (silos.Except(alive).Any()) break;
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Nobody was lost.
        }
        return alive;
    }

    // One that is leaving still answers.
    private static string[] Alive(ClusterMembershipSnapshot snapshot) =>
        [.. snapshot.Members.Values.Where(member => member.Status != SiloStatus.Dead).Select(member => member.SiloAddress.ToString())];

    private async Task<IReadOnlyList<ClassSetSummary>> ClassSets(CancellationToken cancellationToken)
    {
        try
        {
            return await store.ListPresent(cancellationToken);
        }
        catch (FewShotException e) when (e.Code == FewShotErrorCode.StorageUnavailable)
        {
            // The storage's own line tells of it.
            LogNoList(log, e.Message);
            return [];
        }
    }

    private NodeStatus[] Nodes() =>
    [
        .. membership.CurrentSnapshot.Members.Values.Where(member => member.Status != SiloStatus.Dead)
            .Select(member =>
            {
                var published = metadata.GetSiloMetadata(member.SiloAddress);
                return new NodeStatus(
                    NodeMetadata.NodeOf(published) ?? member.Name,
                    member.SiloAddress.ToString(),
                    member.Status.ToString(),
                    NodeMetadata.SlotsOf(published));
            })
            .OrderBy(node => node.Name, StringComparer.Ordinal),
    ];

    private async Task<DeviceStatus?> Ask(string slot, CancellationToken cancellationToken)
    {
        try
        {
            return await GrainFactory.GetGrain<IEncoderGrain>(slot).GetStatus().WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogNoAnswer(log, e.Message, slot);
            return null;
        }
    }
}
