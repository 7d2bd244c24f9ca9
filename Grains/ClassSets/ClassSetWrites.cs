using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>A write ready to be made durable.</summary>
/// <param name="Next">The next state; null: nothing changed.</param>
/// <param name="Blocks">New blocks.</param>
/// <param name="Shots">The answer, for shots.</param>
internal sealed record PreparedWrite(ClassSetState? Next, List<Block> Blocks, AddShotsResult? Shots);

/// <summary>The writes of a class set, from request to next state. Each gives the request's hash and what computes the state.</summary>
internal sealed class ClassSetWrites(ClassSetRules rules, TextProxies texts, ShotIntake intake)
{
    public (ContentKey Request, Func<ClassSetState?, CancellationToken, Task<PreparedWrite>> Prepare) Create(
        string classSetId, ClassSetDefinition definition, string operationId)
    {
        ClassSetRules.CheckOperation(operationId);
        rules.CheckId(classSetId);
        var policy = rules.Policy(definition.Policy);
        return (RequestHash.Of(definition), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? current, CancellationToken cancellationToken)
        {
            if (current is not null)
                throw new FewShotException(
                    FewShotErrorCode.Conflict, $"class set '{classSetId}' exists already, at version {current.Version}");
            var classes = rules.NewClasses(definition.Classes, []);
            if (policy.RefinerFamily is { } family) await intake.CheckRefiner(family);
            var proxies = await texts.Compute(policy, classes, cancellationToken);
            string[] encoders = [.. proxies.Select(proxy => proxy.Encoder.Name)];
            var proxyShares = ClassSetRules.Shares(policy.ProxyFusion, encoders, nameof(policy.ProxyFusion));
            var probeShares = ClassSetRules.Shares(policy.ProbeFusion, encoders, nameof(policy.ProbeFusion));
            // Cutting and hashing megabytes of proxies is CPU work: not in a turn.
            return await Task.Run(
                () =>
                {
                    var blocks = new List<Block>();
                    var next = new ClassSetState
                    {
                        ClassSetId = classSetId,
                        Version = 1,
                        Policy = policy,
                        Classes = classes,
                        Encoders =
                        [
                            .. proxies.Select((proxy, e) => new EncoderState
                            {
                                Info = proxy.Encoder,
                                ProxyShare = proxyShares[e],
                                ProbeShare = probeShares[e],
                                TextProxies = StoredBytes.New(proxy.Values, blocks),
                            }),
                        ],
                    };
                    return new PreparedWrite(next, blocks, null);
                },
                cancellationToken);
        }
    }

    public (ContentKey Request, Func<ClassSetState?, CancellationToken, Task<PreparedWrite>> Prepare) AddClasses(
        IReadOnlyList<ClassDefinition> definitions, string operationId)
    {
        ClassSetRules.CheckOperation(operationId);
        if (definitions.Count == 0) throw new FewShotException(FewShotErrorCode.InvalidArgument, "no classes given");
        return (RequestHash.Of(definitions), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? state, CancellationToken cancellationToken)
        {
            var current = state!;
            var added = rules.NewClasses(definitions, current.Classes);
            var proxies = await texts.Compute(current.Policy, added, cancellationToken);
            return await Task.Run(() => With(current, added, proxies), cancellationToken);
        }
    }

    public async Task<(ContentKey Request, Func<ClassSetState?, CancellationToken, Task<PreparedWrite>> Prepare)> AddShots(
        IReadOnlyList<Shot> shots, string operationId)
    {
        ClassSetRules.CheckOperation(operationId);
        // Hashing megabytes of photos is CPU work: not in a turn.
        ContentKey[] keys = await Task.Run(() => shots.Select(shot => ContentKey.Of(shot.Image)).ToArray());
        return (RequestHash.Of(shots, keys), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? state, CancellationToken cancellationToken)
        {
            var current = state!;
            var fresh = Fresh(shots, rules.Positions(shots, current), keys, current);
            var encoded = await intake.Encode(fresh, cancellationToken);
            var readable = encoded.Where(shot => shot.Failed is null).ToArray();
            var failed = encoded.Where(shot => shot.Failed is not null).Select(shot => shot.Failed!).ToArray();
            var duplicates = shots.Count - fresh.Count;
            if (readable.Length == 0) return new PreparedWrite(null, [], new AddShotsResult(current.Version, 0, duplicates, failed));
            var blocks = new List<Block>();
            var next = await Task.Run(() => With(current, readable, blocks), cancellationToken);
            return new PreparedWrite(next, blocks, new AddShotsResult(next.Version, readable.Length, duplicates, failed));
        }
    }

    /// <summary>The shots that their class does not have yet, each once.</summary>
    private static List<IntakeItem> Fresh(IReadOnlyList<Shot> shots, int[] positions, ContentKey[] keys, ClassSetState current)
    {
        var known = current.Shots.SelectMany(batch => batch.Classes.Zip(batch.Keys)).ToHashSet();
        var family = current.Policy.RefinerFamily;
        var fresh = new List<IntakeItem>();
        for (var i = 0; i < shots.Count; i++)
        {
            if (!known.Add((positions[i], keys[i]))) continue;
            var isRefined = family is not null && current.Classes[positions[i]].Family == family;
            fresh.Add(new IntakeItem(shots[i], positions[i], keys[i], isRefined));
        }
        return fresh;
    }

    private static PreparedWrite With(ClassSetState current, ClassRecord[] added, EncoderFeatures[] proxies)
    {
        var blocks = new List<Block>();
        var next = current with
        {
            Version = current.Version + 1,
            Classes = [.. current.Classes, .. added],
            Encoders =
            [
                .. current.Encoders.Select(encoder => encoder with
                {
                    TextProxies = StoredBytes.New(
                        FloatBytes.Concatenate([encoder.TextProxies.Bytes!, Own(proxies, encoder, current).Values]), blocks),
                }),
            ],
        };
        return new PreparedWrite(next, blocks, null);
    }

    private static ClassSetState With(ClassSetState current, EncodedShot[] shots, List<Block> blocks)
    {
        var refined = shots.Where(shot => shot.Views is not null).ToArray();
        var backbone = refined.FirstOrDefault()?.Views!.Encoder;
        if (current.RefinerBackbone is { } known && backbone is not null && known.Digest != backbone.Digest)
            throw Exchanged(known, current);
        var counts = shots.CountBy(shot => shot.Item.Class).ToDictionary();
        return current with
        {
            Version = current.Version + 1,
            Classes = [.. current.Classes.Select((c, position) => c with { Shots = c.Shots + counts.GetValueOrDefault(position) })],
            RefinerBackbone = current.RefinerBackbone ?? backbone,
            Shots = [.. current.Shots, new ShotBatch
            {
                Classes = [.. shots.Select(shot => shot.Item.Class)],
                Keys = [.. shots.Select(shot => shot.Item.Key)],
                Features = [.. current.Encoders.Select(encoder =>
                    Stored([.. shots.Select(shot => Own(shot.Features, encoder, current).Values)], blocks))],
                ViewClasses = [.. refined.Select(shot => shot.Item.Class)],
                ViewsPerShot = backbone is null ? 0 : refined[0].Views!.Values.Length / (backbone.Dimension * sizeof(float)),
                Views = Stored([.. refined.Select(shot => shot.Views!.Values)], blocks),
            }],
        };
    }

    /// <summary>Rows for the store alone: a fit reads them again when it needs them.</summary>
    private static StoredBytes Stored(byte[][] rows, List<Block> blocks) =>
        StoredBytes.New(FloatBytes.Concatenate(rows), blocks).Released();

    /// <summary>The features that the set's encoder made.</summary>
    private static EncoderFeatures Own(IEnumerable<EncoderFeatures> features, EncoderState encoder, ClassSetState state) =>
        features.FirstOrDefault(own => own.Encoder.Digest == encoder.Info.Digest) ?? throw Exchanged(encoder.Info, state);

    private static FewShotException Exchanged(EncoderInfo encoder, ClassSetState state) => new(
        FewShotErrorCode.ModelUnavailable,
        $"set '{state.ClassSetId}' was made with model '{encoder.Name}' of digest {encoder.Digest[..Math.Min(12, encoder.Digest.Length)]}, "
        + "which the nodes do not serve: start them with those weights, or create the set anew");
}
