using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Classification;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Tests.Classification;

public sealed class CascadeTests
{
    private static readonly EncoderInfo A = new("a", "digest-a", 2, 10, 1);
    private static readonly EncoderInfo B = new("b", "digest-b", 1, 100, 1);

    [Fact]
    public void Fused_text_scores_are_shares_times_scale_times_cosine()
    {
        var model = new ScoringModel(Snapshot(2, [Head(A, 0.75, [1, 0, 0, 1]), Head(B, 0.25, [1, -1])]));
        var text = Cascade.Text(model, model.Pack(Features((A, [0.6f, 0.8f]), (B, [1]))));
        Assert.Equal([0, 1], text.Ranking.Positions);
        Assert.Equal(0.75 * 10 * 0.6 + 0.25 * 100, text.Ranking.Scores[0], 4);
        Assert.Equal(0.75 * 10 * 0.8 - 0.25 * 100, text.Ranking.Scores[1], 4);
        Assert.Equal(text.Ranking.Scores[0] - text.Ranking.Scores[1], text.Ranking.Margin, 4);
    }

    [Fact]
    public async Task Fitted_proxies_rank_the_fitted_and_added_names_follow_in_text_order()
    {
        // Text order for (1, 0): class 0, then the added 2, then 1. Proxies turn 0 and 1 round.
        var head = Head(A, 1, [1, 0, 0, 1, 0.5f, 0]) with { FittedClasses = [0, 1], Proxies = FloatBytes.From([0, 1, 1, 0]) };
        var result = await Run(Snapshot(3, [head]), (A, [1, 0]));
        Assert.Equal(CascadeStage.Proxies, result.Answer.Stage);
        Assert.Equal([1, 0, 2], result.Answer.Ranking.Positions);
        Assert.Equal(1, result.Answer.Ranking.Probabilities[..2].Sum(), 9);
        Assert.Equal(0, result.Answer.Ranking.Probabilities[2]);
        Assert.Equal([CascadeStage.Text, CascadeStage.Proxies], result.Route.Select(stage => stage.Stage));
    }

    [Fact]
    public async Task An_added_name_that_is_best_by_text_lets_text_answer()
    {
        var head = Head(A, 1, [1, 0, 0, 1]) with { FittedClasses = [0], Proxies = FloatBytes.From([0, 1]) };
        var result = await Run(Snapshot(2, [head]), (A, [0.1f, 0.9f]));
        Assert.Equal((CascadeStage.Text, 1), (result.Answer.Stage, result.Answer.Ranking.Best));
        Assert.Contains("no class of the last InMaP fit", result.Answer.Basis);
    }

    [Fact]
    public async Task The_probe_adds_its_weights_bias_and_weighted_text()
    {
        var head = Head(A, 1, [1, 0, 0, 1]) with
        {
            ProbeShare = 0.5,
            ProbeClasses = [1, 0],
            ProbeWeights = FloatBytes.From([3, 0, 0, 2]),
            ProbeBias = FloatBytes.From([0.5f, -0.5f]),
            ProbeAlpha = FloatBytes.From([4, 6]),
        };
        var result = await Run(Snapshot(2, [head], seen: [0, 1]), (A, [0.6f, 0.8f]));
        Assert.Equal(CascadeStage.Probe, result.Answer.Stage);
        // Row 0 is class 1: .5 (3*.6 + .5 + 4*.8) = 2.75; row 1 is class 0: .5 (2*.8 - .5 + 6*.6) = 2.35.
        Assert.Equal([1, 0], result.Answer.Ranking.Positions);
        Assert.Equal(2.75, result.Answer.Ranking.Scores[0], 5);
        Assert.Equal(2.35, result.Answer.Ranking.Scores[1], 5);
    }

    [Fact]
    public async Task A_seen_class_that_the_probe_does_not_know_is_answered_by_the_gate()
    {
        var head = Head(A, 1, [1, 0, 0, 1]) with
        {
            ProbeClasses = [1],
            ProbeWeights = FloatBytes.From([9, 9]),
            ProbeBias = FloatBytes.From([0]),
            ProbeAlpha = FloatBytes.From([1]),
        };
        var result = await Run(Snapshot(2, [head], seen: [0, 1]), (A, [1, 0]));
        Assert.Equal((CascadeStage.Text, 0), (result.Answer.Stage, result.Answer.Ranking.Best));
    }

    [Theory]
    [InlineData(2, CascadeStage.Refiner)]
    [InlineData(1, CascadeStage.Probe)]
    public async Task The_refiner_answers_within_its_family_if_it_has_two_classes(int refined, CascadeStage expected)
    {
        var head = Head(A, 1, [1, 0, 0, 1]) with
        {
            ProbeClasses = [0, 1],
            ProbeWeights = FloatBytes.From([1, 0, 0, 1]),
            ProbeBias = FloatBytes.From([0, 0]),
            ProbeAlpha = FloatBytes.From([1, 1]),
        };
        var refiner = new RefinerHead
        {
            Family = "dogs",
            Digest = "digest-r",
            Dimension = 1,
            Classes = refined == 2 ? [0, 1] : [0],
            Weights = FloatBytes.From(refined == 2 ? [-1, 1] : [1]),
            Bias = FloatBytes.From(refined == 2 ? [0, 0] : [0]),
        };
        var result = await Run(Snapshot(2, [head], seen: [0, 1]) with { Refiner = refiner }, (A, [1, 0]));
        Assert.Equal(expected, result.Answer.Stage);
        Assert.Equal(expected == CascadeStage.Refiner ? 1 : 0, result.Answer.Ranking.Best);
    }

    [Theory]
    [InlineData(GateRule.Served, 1)] // proxies turn the two round: class 1 is unseen
    [InlineData(GateRule.Text, 0)]   // text says class 0, which is seen: the proxies' ranking begins with it
    [InlineData(GateRule.Seed, 0)]
    public async Task The_gate_is_a_setting_of_its_own(GateRule gate, int best)
    {
        var head = Head(A, 1, [1, 0, 0, 1]) with
        {
            FittedClasses = [0, 1],
            Proxies = FloatBytes.From([0, 1, 1, 0]),
            GateClasses = [0, 1],
            GateProxies = FloatBytes.From([1, 0, 0, 1]),
        };
        var result = await Run(Snapshot(2, [head], seen: [0]) with { Gate = gate }, (A, [1, 0]));
        Assert.Equal((CascadeStage.Proxies, best), (result.Answer.Stage, result.Answer.Ranking.Best));
        Assert.Equal(gate != GateRule.Served, result.Answer.Basis.Contains("the gate says seen"));
    }

    [Fact]
    public void Probabilities_are_those_of_the_stages_temperature()
    {
        var calibration = new StageCalibration(4, 0.9);
        var model = new ScoringModel(Snapshot(2, [Head(A, 1, [1, 0, 0, 1])]) with { Calibration = [calibration] });
        var text = Cascade.Text(model, model.Pack(Features((A, [0.8f, 0.6f]))));
        Assert.Equal(1 / (1 + Math.Exp(-10 * 0.2 / 4)), text.Ranking.Probabilities[0], 6);
        Assert.Equal((calibration, StageCalibration.None), (model.Calibration(CascadeStage.Text), model.Calibration(CascadeStage.Probe)));
    }

    [Fact]
    public void Scores_that_are_no_numbers_rank_last_and_probabilities_stay_finite()
    {
        var ranking = Ranking.Of([0, 1, 2], [float.NaN, 1, float.PositiveInfinity]);
        Assert.Equal(1, ranking.Best);
        Assert.All(ranking.Probabilities, p => Assert.True(double.IsFinite(p)));
        Assert.Equal(1, ranking.Probabilities.Sum(), 9);
        Assert.All(Ranking.Of([0, 1], [float.NaN, float.NaN]).Probabilities, p => Assert.Equal(0.5, p));
        Assert.Equal(0, Ranking.Of([0], [3]).Margin);
    }

    [Fact]
    public void Features_of_another_model_are_refused()
    {
        var model = new ScoringModel(Snapshot(1, [Head(A, 1, [1, 0])]));
        Assert.Equal(
            FewShotErrorCode.ModelUnavailable, Assert.Throws<FewShotException>(() => model.Pack(Features((B, [1])))).Code);
    }

    private static Task<CascadeResult> Run(ClassSetSnapshot snapshot, params (EncoderInfo, float[])[] features)
    {
        var model = new ScoringModel(snapshot);
        var refined = new RefinerFeatures(new EncoderInfo("r", "digest-r", 1, 1, 1), FloatBytes.From([1]), false);
        return Cascade.Run(model, model.Pack(Features(features)), false, () => Task.FromResult(refined));
    }

    private static ImageFeatures Features(params (EncoderInfo Encoder, float[] Values)[] features) =>
        new([.. features.Select(f => new EncoderFeatures(f.Encoder, FloatBytes.From(f.Values)))], false, "node/cpu:0");

    private static EncoderHead Head(EncoderInfo encoder, double share, float[] text) => new()
    {
        Encoder = encoder.Name,
        Digest = encoder.Digest,
        Dimension = encoder.Dimension,
        LogitScale = encoder.LogitScale,
        ProxyShare = share,
        ProbeShare = share,
        TextProxies = FloatBytes.From(text),
    };

    private static ClassSetSnapshot Snapshot(int classes, EncoderHead[] encoders, int[]? seen = null) => new()
    {
        ClassSetId = "set",
        Version = 1,
        Classes = [.. Enumerable.Range(0, classes).Select(i => new ClassEntry(i, $"class {i}", null, seen?.Contains(i) ?? false))],
        Encoders = encoders,
        LearnFromTraffic = false,
    };
}
