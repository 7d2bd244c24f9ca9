using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace FewShotCluster.Grains.Devices;

/// <summary>A device slot somewhere in the cluster.</summary>
internal sealed record RoutedSlot(string Name, bool IsLocal, ulong Salt);

/// <summary>
/// Which device slot encodes an image: the owner by rendezvous hash of its content key among the slots that take work, so that caches
/// partition the images; when the owner's queue is over its bound, the less busy of it and two slots drawn at random (power of two choices).
/// Slots of a silo that membership calls dead are none from that moment.
/// </summary>
internal sealed class SlotRouter(
    IClusterMembershipService membership, ISiloMetadataCache metadata, ILocalSiloDetails local, SlotLoads loads, FewShotNodeOptions options)
{
    private sealed record Table(MembershipVersion Version, RoutedSlot[] Slots);

    private Table? _table;

    private int Bound => options.QueueLimit / 2;

    /// <summary>All published slots of active silos, by name.</summary>
    public IReadOnlyList<RoutedSlot> Slots => Current().Slots;

    /// <param name="key">The image's content key.</param>
    /// <param name="tried">Slots that failed this request already; null: none.</param>
    /// <exception cref="FewShotException">DeviceUnavailable: no active silo publishes a slot, or all were tried.</exception>
    public RoutedSlot Route(ContentKey key, IReadOnlyCollection<string>? tried = null)
    {
        var slots = Usable(tried ?? []);
        return Spill(Owner(key, slots), slots);
    }

    /// <summary>A slot for work that no cache is partitioned by: this silo's own where it has one.</summary>
    public RoutedSlot Nearest()
    {
        var slots = Usable([]);
        return slots.FirstOrDefault(slot => slot.IsLocal) ?? Owner(default, slots);
    }

    /// <summary>Whether a request that a slot refused as overloaded finds one that is known to have room.</summary>
    public bool HasRoomElsewhere(IReadOnlyCollection<string> tried) =>
        Slots.Any(slot => !tried.Contains(slot.Name) && loads.IsUsable(slot.Name) && loads.Of(slot.Name) <= Bound);

    /// <summary>The slot with the highest hash of slot and key; a slot that leaves moves its own keys only.</summary>
    internal static RoutedSlot Owner(ContentKey key, IReadOnlyList<RoutedSlot> slots) => slots.Count == 0
        ? throw new FewShotException(FewShotErrorCode.DeviceUnavailable, "no active node publishes a device slot: start one with --devices")
        : slots.MaxBy(slot => Weight(slot, key))!;

    private static ulong Weight(RoutedSlot slot, ContentKey key)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, key.A);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], key.B);
        return XxHash3.HashToUInt64(bytes, (long)slot.Salt);
    }

    private RoutedSlot Spill(RoutedSlot owner, IReadOnlyList<RoutedSlot> slots)
    {
        if (slots.Count < 2 || loads.Of(owner.Name) is not { } busy || busy <= Bound) return owner;
        var (best, least) = (owner, busy);
        for (var draw = 0; draw < 2; draw++)
        {
            var candidate = slots[Random.Shared.Next(slots.Count)];
            if (loads.Of(candidate.Name) is not { } load || load >= least) continue;
            (best, least) = (candidate, load);
        }
        return best;
    }

    /// <summary>Slots that take work and were not tried; if none takes any, all that were not tried: what is known may be old.</summary>
    private IReadOnlyList<RoutedSlot> Usable(IReadOnlyCollection<string> tried)
    {
        var slots = Current().Slots;
        if (tried.Count == 0 && Array.TrueForAll(slots, slot => loads.IsUsable(slot.Name))) return slots;
        var left = Array.FindAll(slots, slot => !tried.Contains(slot.Name));
        var usable = Array.FindAll(left, slot => loads.IsUsable(slot.Name));
        return usable.Length > 0 ? usable : left;
    }

    private Table Current()
    {
        var snapshot = membership.CurrentSnapshot;
        var table = Volatile.Read(ref _table);
        if (table is not null && table.Version == snapshot.Version) return table;
        var active = snapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).ToList();
        var slots = new List<RoutedSlot>();
        var complete = true;
        foreach (var member in active)
        {
            var published = NodeMetadata.SlotsOf(metadata.GetSiloMetadata(member.SiloAddress));
            // A silo's metadata arrives a moment after it joined: keep looking until all have it.
            complete &= published.Length > 0;
            var isLocal = member.SiloAddress.Equals(local.SiloAddress);
            slots.AddRange(published.Select(slot => new RoutedSlot(slot, isLocal, XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(slot)))));
        }
        table = new Table(snapshot.Version, [.. slots.OrderBy(slot => slot.Name, StringComparer.Ordinal)]);
        if (complete) Volatile.Write(ref _table, table);
        return table;
    }
}
