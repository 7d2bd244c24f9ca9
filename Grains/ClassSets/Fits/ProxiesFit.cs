using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>Proxies of the classes that the unlabelled pool shows, behind the gates (<see cref="ProxyLearner"/>).</summary>
internal sealed class ProxiesFit(ClassSetRepository repository, PoolReader pool, DeviceSlots slots) : IClassSetFit
{
    public async Task<FitOutcome> Run(ClassSetState basis, FitRun run, CancellationToken cancellationToken)
    {
        var images = await pool.Read(basis, cancellationToken);
        var problem = new ProxyProblem
        {
            Encoders = [.. basis.Encoders.Select((encoder, e) => Pool(encoder, images.Features[e]))],
            Images = images.Count,
            Classes = basis.Classes.Length,
            Shots = await Shots(basis, cancellationToken),
            Rules = Rules(basis.Policy),
        };
        var learner = new ProxyLearner(new DeviceFitRunner(slots.LeastBusy().Worker));
        var candidate = await learner.Learn(problem, done => run.Report(0, 1, done), cancellationToken);
        return new FitOutcome([.. Enumerable.Range(0, basis.Classes.Length)], Merge, candidate.Basis);

        ClassSetState Merge(ClassSetState current, List<Block> blocks) => current with
        {
            Encoders =
            [
                .. current.Encoders.Select((encoder, e) => encoder with
                {
                    FittedClasses = candidate.Encoders[e].Classes,
                    Proxies = StoredBytes.New(candidate.Encoders[e].Values, blocks),
                    FittedImages = candidate.Images,
                    ProxyMethod = candidate.Encoders[e].Method,
                    ProxyLearningRate = candidate.Encoders[e].LearningRate,
                }),
            ],
            ProxyBasis = candidate.Basis,
        };
    }

    public static ProxyRules Rules(GrainInterfaces.ClassSets.ClassSetPolicy policy) => new()
    {
        TextTemperature = policy.InmapTextTemperature,
        ImageTemperature = policy.InmapImageTemperature,
        Iterations = policy.InmapIterations,
    };

    private static EncoderPool Pool(EncoderState encoder, byte[] images) => new(
        images,
        encoder.TextProxies.Bytes!,
        encoder.Info.Dimension,
        encoder.Info.LogitScale,
        encoder.ProxyShare,
        encoder.FittedClasses.Length == 0
            ? null
            : new ServedProxies(encoder.FittedClasses, encoder.Proxies.Bytes!, encoder.ProxyMethod, encoder.ProxyLearningRate));

    private async Task<LabelledImages?> Shots(ClassSetState basis, CancellationToken cancellationToken)
    {
        if (basis.Shots.Length == 0) return null;
        var batches = await repository.LoadShots(basis, cancellationToken);
        return new LabelledImages(
            [.. batches.SelectMany(batch => batch.Classes)],
            [.. basis.Encoders.Select((_, e) => FloatBytes.Concatenate([.. batches.Select(batch => batch.Features[e].Bytes!)]))]);
    }
}
