using System.Numerics.Tensors;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Classification;

/// <summary>One stage's ranking and what it was served from.</summary>
internal sealed record StageResult(CascadeStage Stage, Ranking Ranking, string Basis);

/// <summary>The way of one image through the stages: who answers, and what each stage said.</summary>
internal sealed record CascadeResult(StageResult Answer, IReadOnlyList<StageResult> Route);

/// <summary>The cascade: its decisions in their order, then its stages over one packed model. Stages that are not fitted are null.</summary>
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
        var text = Text(model, image);
        var proxies = Proxies(model, image, text);
        var served = Served(model, text, proxies);
        var gate = Gate(model, image, text, served);
        var answer = Agreeing(model, served, gate);
        var route = new List<StageResult> { answer.Stage == CascadeStage.Text ? answer : text };
        if (proxies is not null) route.Add(answer.Stage == CascadeStage.Proxies ? answer : proxies);

        var isProbed = ProbeKnows(model, gate);
        var probe = isProbed || allStages ? Probe(model, image) : null;
        if (probe is not null) route.Add(probe);
        if (isProbed) answer = probe!;

        var isRefined = isProbed && RefinerKnows(model, probe!.Ranking.Best);
        if (isRefined || (allStages && model.Snapshot.Refiner is not null))
        {
            var refiner = Refiner(model, await refine());
            route.Add(refiner);
            if (isRefined) answer = refiner;
        }
        return new CascadeResult(answer, route);
    }

    /// <summary>Fused cosines with the text proxies of all classes.</summary>
    public static StageResult Text(ScoringModel model, float[] image)
    {
        var temperature = model.Calibration(CascadeStage.Text).Temperature;
        return new(CascadeStage.Text, Ranking.Of(model.All, model.Text.Times(image), temperature), model.TextBasis);
    }

    /// <summary>Fused cosines with the InMaP proxies of the fitted classes; names added since follow in text order.</summary>
    public static StageResult? Proxies(ScoringModel model, float[] image, StageResult text)
    {
        if (model.Fitted.Length == 0) return null;
        var temperature = model.Calibration(CascadeStage.Proxies).Temperature;
        var ranking = Ranking.Of(model.Fitted, model.Proxies.Times(image), temperature).FollowedBy(text.Ranking, model.IsFitted);
        return new(CascadeStage.Proxies, ranking, model.Snapshot.ProxyBasis);
    }

    /// <summary>
    /// What ranks all names: text while nothing is fitted or when its best is a class outside of the fit, new or not shown by the pool
    /// (text columns beside fitted ones would lose unfairly), else the fitted proxies.
    /// </summary>
    public static StageResult Served(ScoringModel model, StageResult text, StageResult? proxies)
    {
        if (proxies is null) return text;
        return model.IsFitted[text.Ranking.Best]
            ? proxies
            : text with { Basis = $"{text.Basis}: its best is no class of the last InMaP fit" };
    }

    /// <summary>The class by which the policy's gate says seen or unseen.</summary>
    public static int Gate(ScoringModel model, float[] image, StageResult text, StageResult served) => model.Snapshot.Gate switch
    {
        GateRule.Text => text.Ranking.Best,
        GateRule.Seed when model.Gated.Contains(text.Ranking.Best) =>
            model.Gated[TensorPrimitives.IndexOfMax<float>(model.GateProxies.Times(image))],
        GateRule.Seed => text.Ranking.Best,
        _ => served.Ranking.Best,
    };

    /// <summary>The served ranking, with the side in front that the gate has chosen.</summary>
    private static StageResult Agreeing(ScoringModel model, StageResult served, int gate)
    {
        var classes = model.Snapshot.Classes;
        var isSeen = classes[gate].Seen;
        if (classes[served.Ranking.Best].Seen == isSeen) return served;
        return served with
        {
            Ranking = served.Ranking.Preferring(position => classes[position].Seen == isSeen),
            Basis = $"{served.Basis}; the gate says {(isSeen ? "seen" : "unseen")}",
        };
    }

    /// <summary>Fused LP++ logits of the probed classes.</summary>
    public static StageResult? Probe(ScoringModel model, float[] image)
    {
        if (model.Probed.Length == 0) return null;
        var logits = model.Probe.Times(image);
        TensorPrimitives.Add(logits, model.ProbeBias, logits);
        return new(
            CascadeStage.Probe,
            Ranking.Of(model.Probed, logits, model.Calibration(CascadeStage.Probe).Temperature),
            model.ProbeBasis);
    }

    /// <summary>Whether the probe may answer for a class that the gate put first.</summary>
    public static bool ProbeKnows(ScoringModel model, int best) => model.Snapshot.Classes[best].Seen && model.Probed.Contains(best);

    /// <summary>Whether the refiner decides about a class that the probe put first.</summary>
    public static bool RefinerKnows(ScoringModel model, int best) =>
        model.Snapshot.Refiner is { Classes.Length: >= 2 } head && head.Classes.Contains(best);

    /// <summary>Logits of the refiner's head over pooled features.</summary>
    public static StageResult Refiner(ScoringModel model, RefinerFeatures features)
    {
        var head = model.Snapshot.Refiner!;
        if (features.Encoder.Digest != head.Digest)
            throw new FewShotException(
                FewShotErrorCode.ModelUnavailable,
                $"the refiner's head of '{model.Snapshot.ClassSetId}' was fitted on a backbone of digest {head.Digest}, "
                + $"the node serves '{features.Encoder.Name}' of digest {features.Encoder.Digest}: fit the shots again");
        var logits = model.Refiner!.Times(features.Values.AsFloats());
        TensorPrimitives.Add(logits, head.Bias.AsFloats(), logits);
        return new(CascadeStage.Refiner, Ranking.Of(head.Classes, logits), $"refiner of {head.Classes.Length} classes of '{head.Family}'");
    }
}
