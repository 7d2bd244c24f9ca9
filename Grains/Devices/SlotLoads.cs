using System.Collections.Concurrent;
using FewShotCluster.GrainInterfaces.Cluster;

namespace FewShotCluster.Grains.Devices;

/// <summary>
/// Queue lengths of the cluster's slots, and which of them take work: this silo's own exactly, others' as last asked. What is older than two
/// seconds counts as unknown; a slot that answered before and is silent now is passed over, some time before membership declares its silo dead.
/// </summary>
internal sealed class SlotLoads(DeviceSlots local, TimeProvider time)
{
    private static readonly TimeSpan Validity = TimeSpan.FromSeconds(2);

    // Six of the watch's rounds.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1.5);

    // After a failed call a slot is left to itself for this long.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Heard> _remote = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _failed = new(StringComparer.Ordinal);

    /// <summary>Items waiting at a slot; null: unknown.</summary>
    public int? Of(string slot)
    {
        if (local.Find(slot) is { } own) return own.Worker.QueueLength;
        if (!_remote.TryGetValue(slot, out var heard)) return null;
        return time.GetElapsedTime(heard.At) <= Validity ? heard.Length : null;
    }

    /// <summary>Whether a slot takes work, as far as is known; one never heard of may.</summary>
    public bool IsUsable(string slot)
    {
        if (local.Find(slot) is { } own) return own.Worker.State == DeviceState.Active;
        if (_failed.TryGetValue(slot, out var failedAt) && time.GetElapsedTime(failedAt) < Rest) return false;
        return !_remote.TryGetValue(slot, out var heard) || (heard.IsActive && time.GetElapsedTime(heard.At) < Silence);
    }

    public void Publish(DeviceStatus status) =>
        _remote[status.Slot] = new Heard(status.QueueLength, status.State == DeviceState.Active, time.GetTimestamp());

    /// <summary>Tells that a call to a slot of another silo failed for reasons of the slot or its silo.</summary>
    public void Failed(string slot) => _failed[slot] = time.GetTimestamp();

    public void Keep(IEnumerable<string> slots)
    {
        var known = slots.ToHashSet(StringComparer.Ordinal);
        foreach (var slot in _remote.Keys.Where(slot => !known.Contains(slot))) _remote.TryRemove(slot, out _);
        foreach (var slot in _failed.Keys.Where(slot => !known.Contains(slot))) _failed.TryRemove(slot, out _);
    }

    private readonly record struct Heard(int Length, bool IsActive, long At);
}
