using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>Sets that come, go, and go back to an earlier version.</summary>
internal sealed class ClassSetWrites(
    ClassSetRules rules, TextProxies texts, ShotIntake intake, ClassSetRepository repository, IClassSetStore store)
{
    public WriteRequest Create(string classSetId, ClassSetDefinition definition)
    {
        rules.CheckId(classSetId);
        var policy = rules.Policy(definition.Policy);
        return new(RequestHash.Of(definition), Prepare) { Creates = true };

        async Task<PreparedWrite> Prepare(ClassSetState? current, CancellationToken cancellationToken)
        {
            await CheckNew(classSetId, current, cancellationToken);
            var version = (current?.Version ?? 0) + 1;
            ClassRecord[] classes = [.. rules.NewClasses(definition.Classes, [], []).Select(c => c with { Changed = version })];
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
                        Version = version,
                        Policy = policy,
                        Classes = classes,
                        Operations = current?.Operations ?? [],
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
                    return new PreparedWrite(next, blocks, "created");
                },
                cancellationToken);
        }
    }

    /// <summary>What stays is a head without content, so that versions are never given twice.</summary>
    public static WriteRequest Delete() => new(RequestHash.OfDeletion(), (state, _) => Task.FromResult(new PreparedWrite(
        new ClassSetState
        {
            ClassSetId = state!.ClassSetId,
            Version = state.Version + 1,
            Policy = new ClassSetPolicy(),
            Classes = [],
            Encoders = [],
            Operations = state.Operations,
            IsDeleted = true,
        },
        [],
        "deleted")));

    public WriteRequest Rollback(long version)
    {
        return new(RequestHash.OfRollback(version), Prepare);

        async Task<PreparedWrite> Prepare(ClassSetState? state, CancellationToken cancellationToken)
        {
            var current = state!;
            var old = await repository.LoadState(VersionHistory.Find(current, version), cancellationToken);
            var back = old.Classes.Select(c => c.Id).ToHashSet();
            var next = old with
            {
                Version = current.Version + 1,
                Operations = current.Operations,
                History = current.History,
                RetiredIds = [.. current.RetiredIds.Concat(current.Classes.Select(c => c.Id)).Where(id => !back.Contains(id)).Distinct().Order()],
            };
            return new PreparedWrite(next, [], $"rolled back to version {version}");
        }
    }

    /// <summary>Refuses an id that is taken and one set too many.</summary>
    public async Task CheckNew(string classSetId, ClassSetState? current, CancellationToken cancellationToken)
    {
        if (current is { IsDeleted: false })
            throw new FewShotException(
                FewShotErrorCode.Conflict, $"class set '{classSetId}' exists already, at version {current.Version}");
        rules.CheckSets((await store.ListPresent(cancellationToken)).Count);
    }
}
