using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Placement;
using Orleans.Concurrency;
using Orleans.Placement;

namespace FewShotCluster.Grains.Devices;

/// <summary>The cluster-wide address of one slot's refiner backbone; the work happens in the slot's own threads.</summary>
[Reentrant, KeepAlive, Immovable, DeviceSlotPlacement]
internal sealed class DogRefinerGrain(DeviceSlots slots) : Grain, IDogRefinerGrain
{
    private SlotRefiner Refiner => slots.Get(this.GetPrimaryKeyString()).Refiner
        ?? throw new FewShotException(
            FewShotErrorCode.ModelUnavailable,
            $"slot '{this.GetPrimaryKeyString()}' has no refiner: name a convnext model in the manifest");

    public Task<EncoderInfo> GetInfo() => Task.FromResult(Refiner.Info);

    public Task<RefinerFeatures?> Encode(ContentKey key, byte[]? image, WorkOrigin origin, CancellationToken cancellationToken) =>
        Refiner.Encode(key, image, origin, cancellationToken);

    public Task<RefinerFeatures> EncodeViews(byte[] image, int views, WorkOrigin origin, CancellationToken cancellationToken) =>
        Refiner.EncodeViews(image, views, origin, cancellationToken);
}
