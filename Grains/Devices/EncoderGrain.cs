using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Placement;
using Orleans.Concurrency;
using Orleans.Placement;

namespace FewShotCluster.Grains.Devices;

/// <summary>The cluster-wide address of one device slot; the work happens in the slot's own threads.</summary>
[Reentrant, KeepAlive, Immovable, DeviceSlotPlacement]
internal sealed class EncoderGrain(DeviceSlots slots, FewShotNodeOptions options) : Grain, IEncoderGrain
{
    private DeviceSlot Slot => slots.Get(this.GetPrimaryKeyString());

    public Task<ImageFeatures?> EncodeImage(ContentKey key, byte[]? image, WorkOrigin origin, CancellationToken cancellationToken) =>
        Slot.Encoders.EncodeImage(key, image, origin, cancellationToken);

    public Task Learn(string classSetId, ContentKey key, int predicted)
    {
        Slot.Encoders.Learn(classSetId, key, predicted);
        return Task.CompletedTask;
    }

    public Task<TextFeatures> EncodeTexts(IReadOnlyList<string> texts, WorkOrigin origin, CancellationToken cancellationToken) =>
        Slot.Encoders.EncodeTexts(texts, origin, cancellationToken);

    public Task<PoolChunk> ReadPool(string classSetId, int skip, int take, CancellationToken cancellationToken)
    {
        // Sorting a full pool takes milliseconds: not in a turn.
        var encoders = Slot.Encoders;
        return Task.Run(() => encoders.ReadPool(classSetId, skip, take), cancellationToken);
    }

    public Task<DeviceStatus> GetStatus() => Task.FromResult(Slot.Status);

    public Task InjectFault(string reason)
    {
        var slot = Slot;
        if (!options.FaultInjection)
            throw new FewShotException(
                FewShotErrorCode.Forbidden, $"{slot.Name} takes no injected faults: start its node with --fault-injection true, never in production");
        slot.Worker.InjectFault($"injected: {reason}");
        return Task.CompletedTask;
    }
}
