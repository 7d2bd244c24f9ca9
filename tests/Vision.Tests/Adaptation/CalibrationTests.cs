using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Adaptation.Calibration;
using TorchSharp;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class CalibrationTests
{
    [Fact]
    public void A_temperature_that_was_applied_is_found_again()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 61, classes: 10, size: 32);
        // Labels drawn from the softmax itself: at temperature 1 these logits are calibrated by construction.
        var logits = world.Gaussian(4000, 10) * 2;
        var labels = logits.softmax(1).multinomial(1).squeeze(1);
        foreach (var applied in new[] { 0.05, 1, 20 })
            Assert.InRange(TemperatureScaling.Fit(logits * applied, labels) / applied, 0.9, 1.1);
    }

    [Fact]
    public void Probabilities_of_a_cross_validated_probe_are_honest_and_abstaining_helps()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 62, classes: 30, size: 64);
        var (shots, test) = (world.DrawEven(4), world.DrawEven(60));
        var options = LpPlusPlusOptions.Paper with { InitialAlpha = 30 };
        using var validation = new ProbeCrossValidation(shots, world.Text, options).RunToEnd();
        using var result = LpPlusPlusFit.Fit(shots, world.Text, options with { Epochs = validation.Epoch });
        var temperature = TemperatureScaling.Fit(validation.Logits, shots.Labels);
        var logits = Scores.Probe(test.Features, world.Text, result.Weights);
        var (confidence, best) = logits.div(temperature).softmax(1).max(1);
        var (confidences, correct) = (confidence.data<double>().ToArray(), (best == test.Labels).data<bool>().ToArray());

        var error = CalibrationError.Expected(confidences, correct);
        var raw = CalibrationError.Expected(logits.softmax(1).max(1).values.data<double>().ToArray(), correct);
        Assert.True(error <= 0.05, $"ECE {error:P1} at temperature {temperature:0.00}, {raw:P1} without");

        // The threshold comes from the shots, the gain is measured on the others.
        var held = validation.Logits.div(temperature).softmax(1).max(1).values.data<double>().ToArray();
        var threshold = AbstainThreshold.ForShare(held, 0.1);
        var kept = confidences.Zip(correct).Where(answer => answer.First >= threshold).ToArray();
        Assert.InRange(kept.Length / (double)confidences.Length, 0.8, 0.97);
        Assert.True(kept.Average(a => a.Second ? 1.0 : 0) > correct.Average(c => c ? 1.0 : 0));
    }

    [Fact]
    public void Probabilities_of_a_cross_validated_gda_are_honest_and_abstaining_helps()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 64, classes: 30, size: 64);
        var (shots, test) = (world.DrawEven(6), world.DrawEven(60));
        using var held = new GdaCrossValidation(shots, world.Text, textWeight: 30).RunToEnd();
        Assert.Equal(Enumerable.Range(0, 180).Select(shot => (long)shot), held.Shots.Order());
        using var gda = GaussianDiscriminant.Fit(shots, 30);
        using var probe = gda.Probe(30);
        AssertHonest(held, shots.Labels, Scores.Probe(test.Features, world.Text, probe), test.Labels);
    }

    [Fact]
    public void Probabilities_of_a_cross_validated_head_are_honest_and_abstaining_helps()
    {
        using var scope = torch.NewDisposeScope();
        const int views = 4;
        var world = new SyntheticClip(seed: 65, classes: 20, size: 48, spread: 2);
        var (shots, test) = (world.DrawEven(5), world.DrawEven(60));
        // Views that differ from the shot, but for the first, which is the plain one.
        var noise = world.Gaussian(100 * views, 48).mul(0.1).view(100, views, 48);
        noise[.., 0].zero_();
        var labels = shots.Labels.unsqueeze(1).expand(100, views).reshape(-1);
        var viewed = new LabelledFeatures((shots.Features.unsqueeze(1) + noise).reshape(-1, 48), labels);
        using var held = new RefinerHeadCrossValidation(viewed, views, 20, RefinerHeadOptions.Default with { Epochs = 100, CosinePeriod = 100 }).RunToEnd();
        Assert.Equal(Enumerable.Range(0, 100).Select(shot => (long)shot), held.Shots.Order());
        using var head = RefinerHeadFit.Fit(viewed, 20, RefinerHeadOptions.Default with { Epochs = 100, CosinePeriod = 100 });
        AssertHonest(held, shots.Labels, Scores.Linear(test.Features, head), test.Labels);
    }

    [Fact]
    public void A_shot_without_another_of_its_class_is_not_held_out()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 66, classes: 3, size: 16);
        var shots = world.Draw(1, 3, 2);
        using var held = new GdaCrossValidation(shots, world.Text, 30).RunToEnd();
        Assert.Equal([1, 2, 3, 4, 5], held.Shots.Order());
        Assert.Throws<AdaptationException>(() => new GdaCrossValidation(world.Draw(1, 1, 1), world.Text, 30));
        Assert.Throws<AdaptationException>(() => new RefinerHeadCrossValidation(world.Draw(1, 1, 1), 1, 3, RefinerHeadOptions.Default));
    }

    /// <summary>By the temperature and the threshold of held-out shots: probabilities of others, and what withholding a tenth gains.</summary>
    private static void AssertHonest(HeldOutScores held, torch.Tensor shotLabels, torch.Tensor logits, torch.Tensor labels)
    {
        var temperature = TemperatureScaling.Fit(held.Logits, shotLabels.index_select(0, torch.tensor(held.Shots.ToArray())));
        var (confidence, best) = logits.div(temperature).softmax(1).max(1);
        var (confidences, correct) = (confidence.data<double>().ToArray(), (best == labels).data<bool>().ToArray());
        var raw = CalibrationError.Expected(logits.softmax(1).max(1).values.data<double>().ToArray(), correct);
        var error = CalibrationError.Expected(confidences, correct);
        Assert.True(error <= 0.05, $"ECE {error:P1} at temperature {temperature:0.00}, {raw:P1} without");
        var threshold = AbstainThreshold.ForShare(held.Logits.div(temperature).softmax(1).max(1).values.data<double>().ToArray(), 0.1);
        var kept = confidences.Zip(correct).Where(answer => answer.First >= threshold).ToArray();
        Assert.InRange(kept.Length / (double)confidences.Length, 0.8, 0.97);
        Assert.True(kept.Average(a => a.Second ? 1.0 : 0) > correct.Average(c => c ? 1.0 : 0));
    }

    [Fact]
    public void A_few_images_that_are_all_right_make_nothing_certain()
    {
        using var scope = torch.NewDisposeScope();
        var logits = torch.eye(10, dtype: torch.ScalarType.Float64).mul(5);
        var temperature = TemperatureScaling.Fit(logits, torch.arange(10));
        Assert.InRange(logits.div(temperature).softmax(1).max(1).values.mean().ToDouble(), 0.8, 0.97);
    }

    [Fact]
    public void Errors_are_counted_by_bins()
    {
        Assert.Equal(0, CalibrationError.Expected([1, 1, 0.5, 0.5], [true, true, true, false]), 1e-12);
        Assert.Equal(0.5, CalibrationError.Expected([1, 1], [true, false]), 1e-12);
        Assert.Throws<AdaptationException>(() => CalibrationError.Expected([double.NaN], [true]));
        Assert.Throws<AdaptationException>(() => CalibrationError.Expected([], []));
    }

    [Fact]
    public void Thresholds_withhold_their_share()
    {
        double[] confidences = [0.9, 0.1, 0.5, 0.7, 0.3];
        Assert.Equal(0.1, AbstainThreshold.ForShare(confidences, 0));
        Assert.Equal(2, confidences.Count(c => c < AbstainThreshold.ForShare(confidences, 0.4)));
        Assert.All(confidences, c => Assert.True(c < AbstainThreshold.ForShare(confidences, 1)));
    }

    [Fact]
    public void Cross_validation_stops_early_where_few_shots_overfit()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 63, classes: 12, size: 32);
        var shots = world.DrawEven(2);
        using var validation = new ProbeCrossValidation(shots, world.Text, LpPlusPlusOptions.Paper, folds: 2).RunToEnd();
        Assert.Equal(30, validation.Epochs.Count);
        Assert.Equal(validation.Losses.Min(), validation.Losses[validation.Epochs.ToList().IndexOf(validation.Epoch)]);
        Assert.Equal([24, 12], validation.Logits.shape);
        var single = new LabelledFeatures(shots.Features.to(torch.ScalarType.Float32), shots.Labels);
        using var inSingle = new ProbeCrossValidation(single, world.Text.to(torch.ScalarType.Float32), LpPlusPlusOptions.Paper).RunToEnd();
        Assert.Equal(validation.Losses.Count, inSingle.Losses.Count);
        Assert.True(inSingle.Logits.isfinite().all().item<bool>());
        Assert.Throws<AdaptationException>(() => new ProbeCrossValidation(world.Draw(1), world.Text, LpPlusPlusOptions.Paper));
    }
}
