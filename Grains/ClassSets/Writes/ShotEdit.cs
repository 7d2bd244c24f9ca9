using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>An edit of all shots of a set; only batches that lose rows are read from the store.</summary>
internal sealed class ShotEdit
{
    private readonly ClassSetState _state;
    private readonly ShotRows[] _rows;

    /// <param name="state">The published state.</param>
    /// <param name="targets">For each batch, the new class position of each shot; negative: it goes.</param>
    /// <param name="map">New position of each class that stays.</param>
    public ShotEdit(ClassSetState state, int[][] targets, int[] map)
    {
        _state = state;
        var old = new int[map.Length];
        for (var position = 0; position < map.Length; position++)
            if (map[position] >= 0) old[map[position]] = position;
        _rows = [.. state.Shots.Select((batch, i) => new ShotRows(batch, targets[i], state.IsRefined, position => state.IsRefined(old[position])))];
    }

    /// <summary>Shots follow their classes, and go with them.</summary>
    public static ShotEdit ByClass(ClassSetState state, int[] map) =>
        new(state, [.. state.Shots.Select(batch => batch.Classes.Select(position => map[position]).ToArray())], map);

    /// <summary>The batches, with bytes where they are needed.</summary>
    public async Task<IReadOnlyList<ShotBatch>> Load(ClassSetRepository repository, CancellationToken cancellationToken)
    {
        ShotBatch[] needed = [.. _state.Shots.Where((_, i) => _rows[i].NeedsBytes)];
        var loaded = new Queue<ShotBatch>(await repository.LoadShots(needed, cancellationToken));
        return [.. _state.Shots.Select((batch, i) => _rows[i].NeedsBytes ? loaded.Dequeue() : batch)];
    }

    /// <summary>The edited batches; empty ones are left out.</summary>
    public ShotBatch[] Apply(IReadOnlyList<ShotBatch> batches, List<Block> blocks) =>
        [.. _rows.Select((rows, i) => rows.IsEmpty ? null : rows.Apply(batches[i], blocks)).OfType<ShotBatch>()];
}
