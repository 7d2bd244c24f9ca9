using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets.Fits;
using FewShotCluster.Grains.Storage;
using Orleans.Serialization;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>A state as the store has it.</summary>
/// <param name="State">The published version.</param>
/// <param name="Address">Where it lies, serialised.</param>
/// <param name="Fits">The fits that were asked for and have not ended.</param>
internal sealed record StoredSet(ClassSetState State, Payload Address, PendingFits Fits);

/// <summary>Reads and writes whole states: the head and the blocks that it names.</summary>
internal sealed class ClassSetRepository(IClassSetStore store, Serializer<ClassSetState> states, Serializer<PendingFits> fits)
{
    /// <summary>The published state with the matrices that scoring needs in memory; shots stay in the store. Null: no such set.</summary>
    public async Task<StoredSet?> Load(string classSetId, CancellationToken cancellationToken)
    {
        if (await store.LoadHead(classSetId, cancellationToken) is not { } head) return null;
        var state = await LoadState(head.State, cancellationToken);
        var pending = head.Fits is { Length: > 0 } payload
            ? fits.Deserialize(Blocks.Join(payload, await store.LoadBlocks(payload.Blocks, cancellationToken)))!
            : PendingFits.None;
        return new StoredSet(state, head.State, pending);
    }

    /// <summary>A state by its address, as <see cref="Load"/> gives it.</summary>
    public async Task<ClassSetState> LoadState(Payload address, CancellationToken cancellationToken)
    {
        var blocks = await store.LoadBlocks(address.Blocks, cancellationToken);
        var state = await Task.Run(() => states.Deserialize(Blocks.Join(address, blocks))!, cancellationToken);
        await Fill((state with { Shots = [] }).Stored, cancellationToken);
        return state;
    }

    /// <summary>Features of shots, read from the store and not kept in the state.</summary>
    public async Task<IReadOnlyList<ShotBatch>> LoadShots(IReadOnlyList<ShotBatch> shots, CancellationToken cancellationToken)
    {
        var batches = shots.Select(batch => batch.Released()).ToArray();
        await Fill(batches.SelectMany(batch => batch.Stored), cancellationToken);
        return batches;
    }

    /// <summary>A stretch of stored bytes.</summary>
    public async Task<byte[]> Read(StoredBytes stored, int offset, int count, CancellationToken cancellationToken)
    {
        if (stored.Bytes is { } bytes) return bytes.Span.Slice(offset, count).ToArray();
        var size = stored.Payload.BlockBytes;
        var first = offset / size;
        ContentKey[] keys = [.. stored.Payload.Blocks.Skip(first).Take((offset + count - 1) / size - first + 1)];
        var blocks = await store.LoadBlocks(keys.Distinct().ToArray(), cancellationToken);
        var stretch = new Payload(keys.Sum(key => blocks[key].Length), keys);
        return Blocks.Join(stretch, blocks).AsSpan(offset - first * size, count).ToArray();
    }

    /// <summary>Makes a state durable: blocks first, then the head, in one transaction.</summary>
    /// <param name="state">The state; its version may be the published one when only the fits change.</param>
    /// <param name="pending">The fits that stay asked for.</param>
    /// <param name="expectedRevision">Of the head being replaced; 0: none.</param>
    /// <param name="blocks">Blocks that may be new.</param>
    /// <exception cref="FewShotException">StorageUnavailable or Conflict: nothing was written.</exception>
    public async Task<StoredSet> Save(ClassSetState state, PendingFits pending, long expectedRevision, List<Block> blocks)
    {
        // Serialising and hashing are CPU work: not in a turn.
        var head = await Task.Run(() =>
        {
            var payload = Blocks.Cut(states.SerializeToArray(state), blocks);
            var asked = pending.IsEmpty ? Payload.Empty : Blocks.Cut(fits.SerializeToArray(pending), blocks);
            return new ClassSetHead
            {
                Revision = state.Version,
                Classes = state.IsDeleted ? ClassSetHead.Deleted : state.Classes.Length,
                Seen = state.SeenClasses.Length,
                State = payload,
                Fits = asked,
                References =
                [
                    .. payload.Blocks
                        .Concat(asked.Blocks)
                        .Concat(state.Stored.Concat(pending.Stored).SelectMany(stored => stored.Payload.Blocks))
                        .Concat(state.History.SelectMany(entry => entry.Lost))
                        .Distinct(),
                ],
            };
        });
        await store.Commit(state.ClassSetId, expectedRevision, head, blocks, CancellationToken.None);
        return new StoredSet(state, head.State, pending);
    }

    private async Task Fill(IEnumerable<StoredBytes> stored, CancellationToken cancellationToken)
    {
        var missing = stored.Where(bytes => bytes.Bytes is null).ToList();
        ContentKey[] keys = [.. missing.SelectMany(bytes => bytes.Payload.Blocks).Distinct()];
        var blocks = await store.LoadBlocks(keys, cancellationToken);
        await Task.Run(
            () =>
            {
                foreach (var bytes in missing) bytes.Fill(blocks);
            },
            cancellationToken);
    }
}
