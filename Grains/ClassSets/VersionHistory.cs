using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>
/// The kept versions of a set. Each keeps the blocks that its successor no longer needed, so that what all of them need is the current
/// version's blocks and the union of those, and giving up the oldest frees exactly what no other needs.
/// </summary>
internal static class VersionHistory
{
    /// <summary>The history of the next state.</summary>
    /// <param name="before">The published state; null: there is none.</param>
    /// <param name="address">Its serialised state.</param>
    /// <param name="next">The state to publish.</param>
    /// <param name="operation">What makes it, in words.</param>
    /// <param name="now">The time.</param>
    /// <param name="kept">Versions to keep, the new one included.</param>
    public static VersionEntry[] Append(
        ClassSetState? before, Payload? address, ClassSetState next, string operation, DateTimeOffset now, int kept)
    {
        var entry = new VersionEntry(Told(before, next, operation, now), null, []);
        if (before is null || before.IsDeleted || next.IsDeleted) return [entry];
        var needed = next.Stored.SelectMany(stored => stored.Payload.Blocks).ToHashSet();
        // The state's own blocks count as lost: whether the next state happens to share one is not known before it is cut.
        ContentKey[] lost =
        [
            .. address!.Blocks.Concat(before.Stored.SelectMany(stored => stored.Payload.Blocks).Where(key => !needed.Contains(key))).Distinct(),
        ];
        var closed = before.History.Length == 0
            // Written by a build that kept no history.
            ? [new VersionEntry(Told(null, before, "before the history began", now), address, lost)]
            : before.History[..^1].Append(before.History[^1] with { State = address, Lost = lost });
        return [.. closed.Append(entry).TakeLast(kept)];
    }

    /// <summary>The serialised state of an earlier version.</summary>
    /// <exception cref="FewShotException">VersionNotReached: not published yet; InvalidArgument: no longer kept.</exception>
    public static Payload Find(ClassSetState state, long version)
    {
        if (version > state.Version)
            throw new FewShotException(
                FewShotErrorCode.VersionNotReached,
                $"class set '{state.ClassSetId}' is at version {state.Version}, there is no version {version} yet");
        return state.History.FirstOrDefault(entry => entry.Told.Version == version)?.State ?? throw new FewShotException(
            FewShotErrorCode.InvalidArgument,
            version == state.Version
                ? $"class set '{state.ClassSetId}' is at version {version} already"
                : $"class set '{state.ClassSetId}' has kept its versions from {state.History[0].Told.Version} on, not {version}: see its history");
    }

    private static ClassSetVersionRecord Told(ClassSetState? before, ClassSetState next, string operation, DateTimeOffset now)
    {
        string[] old = [.. (before?.Classes ?? []).Select(c => c.Name)];
        string[] fresh = [.. next.Classes.Select(c => c.Name)];
        string[] added = [.. fresh.Except(old, StringComparer.Ordinal)];
        string[] removed = [.. old.Except(fresh, StringComparer.Ordinal)];
        return new ClassSetVersionRecord
        {
            Version = next.Version,
            PublishedAt = now,
            Operation = operation,
            Added = added.Take(ClassSetVersionRecord.MaxNames).ToArray(),
            AddedCount = added.Length,
            Removed = removed.Take(ClassSetVersionRecord.MaxNames).ToArray(),
            RemovedCount = removed.Length,
        };
    }
}
