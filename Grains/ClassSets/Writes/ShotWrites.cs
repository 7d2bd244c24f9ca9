using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>Labelled photos that come, go and change their label.</summary>
internal sealed class ShotWrites(ClassSetRules rules, ShotIntake intake, ClassSetRepository repository)
{
    public async Task<WriteRequest> Add(IReadOnlyList<Shot> shots)
    {
        // Hashing megabytes of photos is CPU work: not in a turn.
        ContentKey[] keys = await Task.Run(() => shots.Select(shot => ContentKey.Of(shot.Image)).ToArray());
        return new(RequestHash.Of(shots, keys), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? state, CancellationToken cancellationToken)
        {
            var current = state!;
            var fresh = Fresh(shots, rules.Positions(shots, current), keys, current);
            rules.CheckPerClass(fresh.Select(item => item.Class), current);
            var encoded = await intake.Encode(fresh, cancellationToken);
            var readable = encoded.Where(shot => shot.Failed is null).ToArray();
            var failed = encoded.Where(shot => shot.Failed is not null).Select(shot => shot.Failed!).ToArray();
            var duplicates = shots.Count - fresh.Count;
            if (readable.Length == 0)
                return new PreparedWrite(null, [], "") { Shots = new AddShotsResult(current.Version, 0, duplicates, failed) };
            var blocks = new List<Block>();
            var next = await Task.Run(() => With(current, readable, blocks), cancellationToken);
            return new PreparedWrite(next, blocks, $"{readable.Length} shots added")
            {
                Shots = new AddShotsResult(next.Version, readable.Length, duplicates, failed),
            };
        }
    }

    public WriteRequest Remove(ShotSelection selection)
    {
        return new(RequestHash.Of(selection), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? state, CancellationToken cancellationToken)
        {
            var current = state!;
            var classes = selection.ClassIds.Select(id => ClassSetRules.Position(id, current)).ToHashSet();
            var keys = selection.Keys.ToHashSet();
            var known = current.Shots.SelectMany(batch => batch.Keys).ToHashSet();
            foreach (var stranger in keys.Where(key => !known.Contains(key)))
                throw Invalid($"no shot of '{current.ClassSetId}' has the content key {stranger}: list the shots");
            int[][] targets =
            [
                .. current.Shots.Select(batch => batch.Classes
                    .Select((position, shot) => classes.Contains(position) || keys.Contains(batch.Keys[shot]) ? -1 : position).ToArray()),
            ];
            var count = targets.Sum(batch => batch.Count(target => target < 0));
            if (count == 0) throw Invalid("the selection holds no shots: name content keys, or classes that have shots");
            return await Edited(current, targets, count, $"{count} shots removed", cancellationToken);
        }
    }

    public WriteRequest Move(IReadOnlyList<ShotMove> moves)
    {
        if (moves.Count == 0) throw Invalid("no shots given");
        return new(RequestHash.Of(moves), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? state, CancellationToken cancellationToken)
        {
            var current = state!;
            int[][] targets = [.. current.Shots.Select(batch => (int[])batch.Classes.Clone())];
            var places = current.Shots.SelectMany((batch, b) => batch.Keys.Select((key, shot) => (Key: key, Batch: b, Shot: shot)))
                .ToLookup(place => place.Key, place => (place.Batch, place.Shot));
            var moved = new HashSet<(int, int)>();
            foreach (var move in moves)
            {
                var place = Find(current, places[move.Key], move);
                if (!moved.Add(place)) throw Invalid($"the shot {move.Key} is moved twice");
                targets[place.Batch][place.Shot] = Target(current, current.Shots[place.Batch].Classes[place.Shot], move);
            }
            DropDoubles(current, targets, moved);
            rules.CheckPerClass(targets, current);
            return await Edited(current, targets, moves.Count, $"{moves.Count} shots relabelled", cancellationToken);
        }
    }

    private static (int Batch, int Shot) Find(ClassSetState state, IEnumerable<(int Batch, int Shot)> places, ShotMove move)
    {
        (int Batch, int Shot)[] found =
        [
            .. places.Where(place => move.FromClassId is not { } from || state.Classes[state.Shots[place.Batch].Classes[place.Shot]].Id == from),
        ];
        return found.Length switch
        {
            1 => found[0],
            0 => throw Invalid($"no shot of '{state.ClassSetId}' has the content key {move.Key}"
                + (move.FromClassId is { } from ? $" and class id {from}" : "") + ": list the shots"),
            _ => throw Invalid($"{found.Length} classes have the shot {move.Key}: say which class it is to leave"),
        };
    }

    private static int Target(ClassSetState state, int from, ShotMove move)
    {
        var to = ClassSetRules.Position(move.ToClassId, state);
        return !state.IsRefined(to) || state.IsRefined(from)
            ? to
            : throw Invalid(
                $"the shot {move.Key} cannot become one of '{state.Classes[to].Name}': its views for the refiner's family "
                + $"'{state.Policy.RefinerFamily}' were never computed; remove it and add the photo again");
    }

    /// <summary>A class has a photo once: of a moved one and one that was there, the moved one goes.</summary>
    private static void DropDoubles(ClassSetState state, int[][] targets, HashSet<(int Batch, int Shot)> moved)
    {
        var taken = new HashSet<(int, ContentKey)>();
        foreach (var isMoved in new[] { false, true })
        {
            for (var batch = 0; batch < targets.Length; batch++)
            {
                for (var shot = 0; shot < targets[batch].Length; shot++)
                {
                    if (moved.Contains((batch, shot)) != isMoved) continue;
                    if (!taken.Add((targets[batch][shot], state.Shots[batch].Keys[shot]))) targets[batch][shot] = -1;
                }
            }
        }
    }

    private async Task<PreparedWrite> Edited(
        ClassSetState current, int[][] targets, int count, string words, CancellationToken cancellationToken)
    {
        int[] same = [.. Enumerable.Range(0, current.Classes.Length)];
        var edit = new ShotEdit(current, targets, same);
        var batches = await edit.Load(repository, cancellationToken);
        return await Task.Run(
            () =>
            {
                var blocks = new List<Block>();
                var version = current.Version + 1;
                var changed = current.Shots.SelectMany((batch, b) => batch.Classes.Zip(targets[b]))
                    .Where(pair => pair.First != pair.Second).SelectMany(pair => new[] { pair.First, pair.Second }).ToHashSet();
                var counts = targets.SelectMany(batch => batch).CountBy(target => target).ToDictionary();
                ClassRecord[] classes =
                [
                    .. current.Classes.Select((c, position) => changed.Contains(position)
                        ? c with { Shots = counts.GetValueOrDefault(position), Changed = version }
                        : c),
                ];
                // A class without shots is unseen: nothing that was learned from its shots may answer for it.
                int[] map = [.. same.Select(position => classes[position].Shots > 0 ? position : -1)];
                var next = current with
                {
                    Version = version,
                    Classes = classes,
                    ShotsChanged = version,
                    Shots = edit.Apply(batches, blocks),
                    Encoders = [.. current.Encoders.Select(encoder => Unprobed(encoder, FittedRows.Cut(encoder, map, blocks)))],
                    Refiner = FittedRows.Cut(current.Refiner, map, blocks),
                };
                if (next.Encoders[0].ProbeClasses.Length == 0) next = next with { Calibration = [] };
                return new PreparedWrite(next, blocks, words) { Count = count };
            },
            cancellationToken);
    }

    /// <summary>Proxies and gate are learned from names and unlabelled photos: shots that go leave them.</summary>
    private static EncoderState Unprobed(EncoderState before, EncoderState cut) => cut with
    {
        FittedClasses = before.FittedClasses,
        Proxies = before.Proxies,
        GateClasses = before.GateClasses,
        GateProxies = before.GateProxies,
    };

    /// <summary>The shots that their class does not have yet, each once.</summary>
    private static List<IntakeItem> Fresh(IReadOnlyList<Shot> shots, int[] positions, ContentKey[] keys, ClassSetState current)
    {
        var known = current.Shots.SelectMany(batch => batch.Classes.Zip(batch.Keys)).ToHashSet();
        var fresh = new List<IntakeItem>();
        for (var i = 0; i < shots.Count; i++)
        {
            if (!known.Add((positions[i], keys[i]))) continue;
            fresh.Add(new IntakeItem(shots[i], positions[i], keys[i], current.IsRefined(positions[i])));
        }
        return fresh;
    }

    private static ClassSetState With(ClassSetState current, EncodedShot[] shots, List<Block> blocks)
    {
        var batch = ShotIntake.Batch(current, shots, blocks, out var backbone);
        var version = current.Version + 1;
        var counts = shots.CountBy(shot => shot.Item.Class).ToDictionary();
        return current with
        {
            Version = version,
            Classes =
            [
                .. current.Classes.Select((c, position) => counts.TryGetValue(position, out var count)
                    ? c with { Shots = c.Shots + count, Changed = version }
                    : c),
            ],
            RefinerBackbone = current.RefinerBackbone ?? backbone,
            ShotsChanged = version,
            Shots = [.. current.Shots, batch],
        };
    }

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, message);
}
