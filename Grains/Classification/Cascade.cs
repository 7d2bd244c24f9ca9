using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Classification;

/// <summary>The way of one image through the stages: who answers, and what each stage said.</summary>
internal sealed record CascadeResult(StageResult Answer, IReadOnlyList<StageResult> Route);

/// <summary>The decisions of the cascade, in its order.</summary>
internal static class Cascade
{
    /// <summary>
    /// The gate says unseen: it answers. Else LP++ says another family than the refiner's: it answers. Else the refiner answers.
    /// </summary>
    /// <param name="model">The packed snapshot.</param>
    /// <param name="image">The packed features of the image.</param>
    /// <param name="allStages">Whether stages that the cascade would leave out are run and reported too.</param>
    /// <param name="refine">Fetches the refiner's features; called only when they are needed.</param>
    public static async Task<CascadeResult> Run(ScoringModel model, float[] image, bool allStages, Func<Task<RefinerFeatures>> refine)
    {
        var text = CascadeScorer.Text(model, image);
        var proxies = CascadeScorer.Proxies(model, image, text);
        var gate = CascadeScorer.Gate(model, text, proxies);
        var route = new List<StageResult> { gate.Stage == CascadeStage.Text ? gate : text };
        if (proxies is not null) route.Add(proxies);
        var answer = gate;

        var isProbed = CascadeScorer.ProbeKnows(model, gate.Ranking.Best);
        var probe = isProbed || allStages ? CascadeScorer.Probe(model, image) : null;
        if (probe is not null) route.Add(probe);
        if (isProbed) answer = probe!;

        var isRefined = isProbed && CascadeScorer.RefinerKnows(model, probe!.Ranking.Best);
        if (isRefined || (allStages && model.Snapshot.Refiner is not null))
        {
            var refiner = CascadeScorer.Refiner(model, await refine());
            route.Add(refiner);
            if (isRefined) answer = refiner;
        }
        return new CascadeResult(answer, route);
    }
}
