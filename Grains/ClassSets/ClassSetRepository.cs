using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;
using Orleans.Serialization;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>Reads and writes whole states: the head and the blocks that it names.</summary>
internal sealed class ClassSetRepository(IClassSetStore store, Serializer<ClassSetState> states)
{
    /// <summary>The published state with the matrices that scoring needs in memory; shots stay in the store. Null: no such set.</summary>
    public async Task<ClassSetState?> Load(string classSetId, CancellationToken cancellationToken)
    {
        if (await store.LoadHead(classSetId, cancellationToken) is not { } head) return null;
        var blocks = await store.LoadBlocks(head.State.Blocks, cancellationToken);
        var state = await Task.Run(() => states.Deserialize(Blocks.Join(head.State, blocks))!, cancellationToken);
        await Fill(state with { Shots = [] }, cancellationToken);
        return state;
    }

    /// <summary>Features of all shots, read from the store and not kept in the state.</summary>
    public async Task<IReadOnlyList<ShotBatch>> LoadShots(ClassSetState state, CancellationToken cancellationToken)
    {
        var batches = state.Shots.Select(batch => batch with
        {
            Features = [.. batch.Features.Select(features => features.Released())],
            Views = batch.Views.Released(),
        }).ToArray();
        await Fill(batches.SelectMany(batch => batch.Features.Append(batch.Views)), cancellationToken);
        return batches;
    }

    /// <summary>Makes a state durable: blocks first, then the head, in one transaction.</summary>
    /// <exception cref="FewShotException">StorageUnavailable or Conflict: nothing was written.</exception>
    public async Task Save(ClassSetState state, long expectedRevision, List<Block> blocks)
    {
        // Serialising and hashing are CPU work: not in a turn.
        var head = await Task.Run(() =>
        {
            var payload = Blocks.Cut(states.SerializeToArray(state), blocks);
            return new ClassSetHead
            {
                Revision = state.Version,
                Classes = state.Classes.Length,
                Seen = state.SeenClasses.Length,
                State = payload,
                References = [.. payload.Blocks.Concat(state.Stored.SelectMany(stored => stored.Payload.Blocks)).Distinct()],
            };
        });
        await store.Commit(state.ClassSetId, expectedRevision, head, blocks, CancellationToken.None);
    }

    private Task Fill(ClassSetState state, CancellationToken cancellationToken) => Fill(state.Stored, cancellationToken);

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
