using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace FewShotCluster.Grains.Placement;

/// <summary>Pins a grain to the silo that publishes the device slot named by the grain's key.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class DeviceSlotPlacementAttribute() : PlacementFilterAttribute(new DeviceSlotStrategy());

internal sealed class DeviceSlotStrategy(int order) : PlacementFilterStrategy(order)
{
    public DeviceSlotStrategy() : this(0)
    {
    }
}

/// <summary>The built-in filters compare with the calling silo's metadata, so they cannot say "this device".</summary>
internal sealed class DeviceSlotDirector(ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var slot = target.GrainIdentity.Key.ToString();
        return silos.Where(silo => NodeMetadata.SlotsOf(metadata.GetSiloMetadata(silo)).Contains(slot, StringComparer.Ordinal));
    }
}
