using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>Names that come, go and change.</summary>
internal sealed class ClassWrites(ClassSetRules rules, TextProxies texts, ClassSetRepository repository)
{
    public WriteRequest Add(IReadOnlyList<ClassDefinition> definitions)
    {
        if (definitions.Count == 0) throw new FewShotException(FewShotErrorCode.InvalidArgument, "no classes given");
        return new(RequestHash.Of(definitions), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? state, CancellationToken cancellationToken)
        {
            var current = state!;
            var version = current.Version + 1;
            ClassRecord[] added = [.. rules.NewClasses(definitions, current.Classes, current.RetiredIds).Select(c => c with { Changed = version })];
            var proxies = await texts.Compute(current.Policy, added, cancellationToken);
            return await Task.Run(
                () =>
                {
                    var blocks = new List<Block>();
                    var next = current with
                    {
                        Version = version,
                        Classes = [.. current.Classes, .. added],
                        Encoders =
                        [
                            .. current.Encoders.Select(encoder => encoder with
                            {
                                TextProxies = encoder.TextProxies.With(Own(proxies, encoder, current), blocks),
                            }),
                        ],
                    };
                    return new PreparedWrite(next, blocks, $"{added.Length} names added");
                },
                cancellationToken);
        }
    }

    public WriteRequest Remove(IReadOnlyList<string> names)
    {
        if (names.Count == 0) throw new FewShotException(FewShotErrorCode.InvalidArgument, "no names given");
        return new(RequestHash.OfRemoval(names), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? state, CancellationToken cancellationToken)
        {
            var current = state!;
            var removed = names.Select(name => ClassSetRules.Position(name, current)).ToHashSet();
            if (removed.Count != names.Count) throw new FewShotException(FewShotErrorCode.InvalidArgument, "a name is given twice");
            var (map, kept) = (new int[current.Classes.Length], new List<int>());
            for (var position = 0; position < map.Length; position++)
            {
                map[position] = removed.Contains(position) ? -1 : kept.Count;
                if (map[position] >= 0) kept.Add(position);
            }
            var edit = ShotEdit.ByClass(current, map);
            var batches = await edit.Load(repository, cancellationToken);
            return await Task.Run(() => Without(current, map, [.. kept], edit, batches), cancellationToken);
        }
    }

    public WriteRequest Rename(string name, string newName, string? newPrompt)
    {
        return new(RequestHash.OfRename(name, newName, newPrompt), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? state, CancellationToken cancellationToken)
        {
            var current = state!;
            var position = ClassSetRules.Position(name, current);
            var version = current.Version + 1;
            var others = current.Classes.Where((_, other) => other != position).ToArray();
            var record = Assert(rules.NewClasses([new ClassDefinition(newName, null, null, newPrompt)], others, []));
            var renamed = current.Classes[position] with { Name = record.Name, Prompt = record.Prompt, Changed = version };
            var proxies = await texts.Compute(current.Policy, [renamed], cancellationToken);
            return await Task.Run(() => With(current, position, renamed, proxies), cancellationToken);
        }

        static ClassRecord Assert(ClassRecord[] one) => one[0];
    }

    private static PreparedWrite Without(
        ClassSetState current, int[] map, int[] kept, ShotEdit edit, IReadOnlyList<ShotBatch> batches)
    {
        var blocks = new List<Block>();
        var gone = current.Classes.Where((_, position) => map[position] < 0).ToArray();
        var next = current with
        {
            Version = current.Version + 1,
            Classes = [.. kept.Select(position => current.Classes[position])],
            RetiredIds = [.. current.RetiredIds.Concat(gone.Select(c => c.Id)).Order()],
            Encoders =
            [
                .. current.Encoders.Select(encoder => FittedRows.Cut(encoder, map, blocks) with
                {
                    TextProxies = FittedRows.Rows(encoder.TextProxies, encoder.Info.Dimension * sizeof(float), kept, blocks),
                    ProbeShots = Math.Max(0, encoder.ProbeShots - gone.Sum(c => c.Shots)),
                }),
            ],
            Refiner = FittedRows.Cut(current.Refiner, map, blocks),
            Shots = edit.Apply(batches, blocks),
        };
        return new PreparedWrite(Settled(current, next), blocks, $"{gone.Length} names removed");
    }

    private static PreparedWrite With(ClassSetState current, int position, ClassRecord renamed, EncoderFeatures[] proxies)
    {
        var blocks = new List<Block>();
        // Its proxies and its probe were fitted to the old text.
        int[] map = [.. Enumerable.Range(0, current.Classes.Length).Select(other => other == position ? -1 : other)];
        var next = current with
        {
            Version = renamed.Changed,
            Classes = [.. current.Classes.Select((c, other) => other == position ? renamed : c)],
            ShotsChanged = renamed.Shots > 0 ? renamed.Changed : current.ShotsChanged,
            Encoders =
            [
                .. current.Encoders.Select(encoder => FittedRows.Cut(encoder, map, blocks) with
                {
                    TextProxies = Replaced(encoder.TextProxies, position, Own(proxies, encoder, current), blocks),
                }),
            ],
        };
        return new PreparedWrite(
            Settled(current, next), blocks, $"'{current.Classes[position].Name}' renamed to '{renamed.Name}'");
    }

    /// <summary>Where nothing fitted is left, what is told of it goes too.</summary>
    private static ClassSetState Settled(ClassSetState before, ClassSetState next) => next with
    {
        ProxyBasis = before.Encoders[0].FittedClasses.Length > 0 && next.Encoders[0].FittedClasses.Length == 0
            ? "the classes of the last fit were removed"
            : next.ProxyBasis,
        Calibration = next.Encoders[0].ProbeClasses.Length == 0 && before.Encoders[0].ProbeClasses.Length > 0 ? [] : next.Calibration,
    };

    private static StoredBytes Replaced(StoredBytes matrix, int row, byte[] values, List<Block> blocks)
    {
        var copy = matrix.Bytes!.ToArray();
        values.CopyTo(copy, row * values.Length);
        return StoredBytes.New(copy, blocks);
    }

    private static byte[] Own(EncoderFeatures[] features, EncoderState encoder, ClassSetState state) =>
        ServedEncoders.Own(features, encoder.Info, state.ClassSetId).Values;
}
