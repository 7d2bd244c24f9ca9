using System.Collections.Concurrent;

namespace FewShotCluster.Grains.Devices;

/// <summary>
/// Queue lengths of the cluster's slots: this silo's own exactly, others' as last asked. What is older than two seconds counts as unknown.
/// </summary>
internal sealed class SlotLoads(DeviceSlots local, TimeProvider time)
{
    private static readonly TimeSpan Validity = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, (int Length, long At)> _remote = new(StringComparer.Ordinal);

    /// <summary>Items waiting at a slot; null: unknown.</summary>
    public int? Of(string slot)
    {
        if (local.Find(slot) is { } own) return own.Worker.QueueLength;
        if (!_remote.TryGetValue(slot, out var load)) return null;
        return time.GetElapsedTime(load.At) <= Validity ? load.Length : null;
    }

    public void Publish(string slot, int length) => _remote[slot] = (length, time.GetTimestamp());

    public void Keep(IEnumerable<string> slots)
    {
        var known = slots.ToHashSet(StringComparer.Ordinal);
        foreach (var slot in _remote.Keys.Where(slot => !known.Contains(slot))) _remote.TryRemove(slot, out _);
    }
}
