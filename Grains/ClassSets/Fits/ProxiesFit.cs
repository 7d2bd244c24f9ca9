using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>
/// Proxies of the classes that the unlabelled pool shows, behind the gates (<see cref="ProxyLearner"/>), and the seed's for the gate
/// between seen and unseen where the policy asks for them.
/// </summary>
internal sealed class ProxiesFit(ClassSetRepository repository, PoolReader pool, DeviceSlots slots) : IClassSetFit
{
    public async Task<FitOutcome> Run(ClassSetState basis, FitRun run, CancellationToken cancellationToken)
    {
        basis = basis with { Policy = FitPolicy.Of(basis.Policy, run.Asked.Request) };
        if (basis.Policy.Proxies is ProxyPolicy.Frozen or ProxyPolicy.Off)
            throw new FitRefusedException(basis.Policy.Proxies == ProxyPolicy.Off
                ? "the policy of this set serves text: its proxies are off"
                : "what is served stays: the policy of this set has frozen its proxies");
        var images = await pool.Read(basis, cancellationToken);
        var shots = basis.Shots.Length == 0 ? null : ShotFeatures.Of(basis, await repository.LoadShots(basis.Shots, cancellationToken));
        var problem = Problem(basis, shots, images);
        var learner = new ProxyLearner(new DeviceFitRunner(slots.LeastBusy().Worker));
        var parts = basis.Policy.Gate == GateRule.Seed ? 2 : 1;
        var candidate = await learner.Learn(problem, done => run.Report(0, parts, done), cancellationToken);
        var gate = basis.Policy.Gate != GateRule.Seed
            ? null
            : await learner.Learn(
                problem with { Rules = problem.Rules with { Seed = true } }, done => run.Report(1, parts, done), cancellationToken);
        return new FitOutcome([.. Enumerable.Range(0, basis.Classes.Length)], Merge, candidate.Basis);

        ClassSetState Merge(ClassSetState current, int[] map, List<Block> blocks) => current with
        {
            Encoders =
            [
                .. current.Encoders.Select((encoder, e) => encoder with
                {
                    FittedClasses = [.. candidate.Encoders[e].Classes.Select(position => map[position])],
                    Proxies = StoredBytes.New(candidate.Encoders[e].Values, blocks),
                    ProxyMethod = candidate.Encoders[e].Method,
                    ProxyLearningRate = candidate.Encoders[e].LearningRate,
                    GateClasses = [.. (gate?.Encoders[e].Classes ?? []).Select(position => map[position])],
                    GateProxies = gate is null ? StoredBytes.Empty : StoredBytes.New(gate.Encoders[e].Values, blocks),
                }),
            ],
            ProxyBasis = candidate.Basis,
        };
    }

    /// <summary>The problem as learners see it; without a pool only labelled images can be judged.</summary>
    public static ProxyProblem Problem(ClassSetState state, LabelledImages? shots, PooledImages? images = null) => new()
    {
        Encoders =
        [
            .. state.Encoders.Select((encoder, e) => new EncoderPool(
                images?.Features[e] ?? [],
                encoder.TextProxies.Bytes!,
                encoder.Info.Dimension,
                encoder.Info.LogitScale,
                encoder.ProxyShare,
                Served(state)?[e])),
        ],
        Images = images?.Count ?? 0,
        Weights = images?.Weights ?? [],
        Classes = state.Classes.Length,
        Shots = shots,
        Rules = Rules(state.Policy),
    };

    /// <summary>What each encoder serves; null: text.</summary>
    public static ServedProxies[]? Served(ClassSetState state) => state.Encoders[0].FittedClasses.Length == 0
        ? null
        : [.. state.Encoders.Select(e => new ServedProxies(e.FittedClasses, e.Proxies.Bytes!, e.ProxyMethod, e.ProxyLearningRate))];

    /// <summary>Back to text.</summary>
    public static ClassSetState Withdraw(ClassSetState state, string reason) => state with
    {
        Encoders = [.. state.Encoders.Select(encoder => encoder with { FittedClasses = [], Proxies = StoredBytes.Empty })],
        ProxyBasis = reason,
    };

    public static ProxyRules Rules(ClassSetPolicy policy) => new()
    {
        TextTemperature = policy.InmapTextTemperature,
        ImageTemperature = policy.InmapImageTemperature,
        Iterations = policy.InmapIterations,
        Seed = policy.InmapPreset == InmapPreset.Seed,
    };
}
