using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class LpPlusPlusTests
{
    [Theory]
    [InlineData("small", "f64", "accumulated")]
    [InlineData("small", "f64", "zeroed")]
    [InlineData("small", "f32", "accumulated")]
    [InlineData("small", "f32", "zeroed")]
    [InlineData("medium", "f64", "accumulated")]
    [InlineData("medium", "f64", "zeroed")]
    [InlineData("medium", "f32", "accumulated")]
    [InlineData("medium", "f32", "zeroed")]
    public void Agrees_with_the_authors(string problem, string precision, string policy)
    {
        using var scope = torch.NewDisposeScope();
        var golden = new Golden(problem, precision);
        var (shots, test, text, bias) = Problem(golden);
        var options = LpPlusPlusOptions.Paper with { Alpha = Enum.Parse<AlphaPolicy>(policy, ignoreCase: true) };
        var tolerance = golden.Tolerance(1e-10, 5e-4);
        foreach (var epochs in new[] { 1, 10, 50, 300 })
        {
            using var result = LpPlusPlusFit.Fit(shots, text, options with { Epochs = epochs }, initialBias: bias);
            Assert.Equal(epochs, result.Epoch);
            Golden.Close(golden.Output($"lppp.{policy}.e{epochs}.W"), result.Weights.W, tolerance);
            Golden.Close(golden.Output($"lppp.{policy}.e{epochs}.b"), result.Weights.Bias, tolerance);
            Golden.Close(golden.Output($"lppp.{policy}.e{epochs}.alpha"), result.Weights.Alpha, tolerance);
        }

        // The trace holds accuracies on the test set: the validation set of this run.
        using var watched = LpPlusPlusFit.Fit(shots, text, options, test, bias);
        var trace = golden.Output($"lppp.{policy}.trace");
        var allowed = golden.Tolerance(1e-10, 1e-4);
        Golden.Close(trace[.., 0], torch.tensor(watched.Trace.Select(t => t.Loss).ToArray()), allowed);
        Golden.Close(trace[.., 1], torch.tensor(watched.Trace.Select(t => t.ValidationAccuracy!.Value).ToArray()), allowed);
        Golden.Close(trace[.., 2], torch.tensor(watched.Trace.Select(t => t.MeanAlpha).ToArray()), allowed);
        Assert.Equal(trace[.., 1].argmax().ToInt64() + 1, watched.Epoch);
        var best = Scores.Accuracy(Scores.Probe(Scores.UnitRows(test.Features), text, watched.Weights), test.Labels);
        Assert.Equal(trace[.., 1].max().ToDouble(), best, 1e-9);
    }

    [Theory]
    [InlineData("small", "f64", 1000)]
    [InlineData("small", "f64", 500)]
    [InlineData("small", "f32", 1000)]
    [InlineData("medium", "f64", 1000)]
    [InlineData("medium", "f64", 500)]
    [InlineData("medium", "f32", 500)]
    public void The_seeds_preset_agrees_with_the_seed(string problem, string precision, int period)
    {
        using var scope = torch.NewDisposeScope();
        var golden = new Golden(problem, precision);
        var (shots, _, text, bias) = Problem(golden);
        foreach (var epochs in new[] { 1, 50, 1000 })
        {
            var options = LpPlusPlusOptions.Seed with { CosinePeriod = period, Epochs = epochs };
            using var result = LpPlusPlusFit.Fit(shots, text, options, initialBias: bias);
            Golden.Close(golden.Output($"seed_lp.T{period}.e{epochs}.W"), result.Weights.W, golden.Tolerance(1e-9, 1e-3));
            Golden.Close(golden.Output($"seed_lp.T{period}.e{epochs}.b"), result.Weights.Bias, golden.Tolerance(1e-9, 1e-3));
            Golden.Close(torch.full_like(result.Weights.Alpha, result.InitialAlpha), result.Weights.Alpha, 0);
            if (epochs < 1000) continue;
            var trace = golden.Output64($"seed_lp.T{period}.trace");
            Golden.Close(trace[.., 0], torch.tensor(result.Trace.Select(t => t.LearningRate).ToArray()), golden.Tolerance(1e-9, 1e-4));
            Golden.Close(trace[.., 1], torch.tensor(result.Trace.Select(t => t.Loss).ToArray()), golden.Tolerance(1e-9, 1e-4));
        }
    }

    [Fact]
    public void Beats_zero_shot_with_four_shots()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 31, classes: 20, size: 48);
        var (shots, test) = (world.DrawEven(4), world.DrawEven(30));
        using var result = LpPlusPlusFit.Fit(shots, world.Text, LpPlusPlusOptions.Paper);
        var text = Scores.Accuracy(Scores.Proxies(test.Features, world.Text), test.Labels);
        var probe = Scores.Accuracy(Scores.Probe(test.Features, world.Text, result.Weights), test.Labels);
        Assert.True(probe > text + 0.03, $"text {text:P1}, LP++ {probe:P1}");
    }

    [Fact]
    public void The_closed_form_gradients_are_those_of_autograd()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 32, classes: 5, size: 8);
        var shots = world.DrawEven(3);
        var options = LpPlusPlusOptions.Paper with { Epochs = 1, Alpha = AlphaPolicy.Zeroed, AlphaPeriod = 1, InitialAlpha = 3 };
        using var result = LpPlusPlusFit.Fit(shots, world.Text, options, initialBias: torch.zeros(5));

        var oneHot = torch.nn.functional.one_hot(shots.Labels, 5).to(torch.ScalarType.Float64);
        var w = oneHot.t().matmul(shots.Features).requires_grad_();
        var b = torch.zeros(5, dtype: torch.ScalarType.Float64, requires_grad: true);
        var alpha = torch.full(5, 3.0, dtype: torch.ScalarType.Float64).requires_grad_();
        var logits = shots.Features.matmul(w.t()) + b + alpha * shots.Features.matmul(world.Text);
        torch.nn.functional.cross_entropy(logits, shots.Labels).backward();
        Golden.Close(w.detach() - result.LearningRate * w.grad!, result.Weights.W, 1e-12);
        Golden.Close(-result.LearningRate * b.grad!, result.Weights.Bias, 1e-12);
        Golden.Close(alpha.detach() - result.AlphaLearningRate * alpha.grad!, result.Weights.Alpha, 1e-12);
    }

    [Fact]
    public void Keeps_its_frozen_numbers()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 33, classes: 4, size: 6);
        using var result = LpPlusPlusFit.Fit(world.Draw(1, 4, 2, 3), world.Text, LpPlusPlusOptions.Paper with { Epochs = 40 });
        Golden.Close(torch.tensor(FrozenBias), result.Weights.Bias, 1e-10);
        Golden.Close(torch.tensor(FrozenAlpha), result.Weights.Alpha, 1e-10);
    }

    [Fact]
    public void A_class_without_shots_scores_by_text_alone()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 34, classes: 8, size: 24);
        using var result = LpPlusPlusFit.Fit(world.Draw(4, 0, 1, 7, 0, 2, 4, 1), world.Text, LpPlusPlusOptions.Paper);
        foreach (var unseen in new[] { 1, 4 })
        {
            Assert.Equal(0, result.Weights.W[unseen].abs().max().item<double>());
            Assert.Equal(0, result.Weights.Bias[unseen].item<double>());
            Assert.Equal(result.InitialAlpha, result.Weights.Alpha[unseen].item<double>(), 1e-9);
        }
        Assert.True(result.Weights.W[2].norm().item<double>() > 0.1);
    }

    [Fact]
    public void More_shots_do_not_give_a_class_a_head_start()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 35, classes: 2, size: 8);
        var (a, b) = (world.Draw(1, 0).Features, world.Draw(0, 1).Features);
        // The same two images, one of them three times over: the starting weights must have the same length.
        var shots = new LabelledFeatures(torch.cat([a, b, b, b]), torch.tensor([0L, 1, 1, 1]));
        using var result = LpPlusPlusFit.Fit(shots, world.Text, LpPlusPlusOptions.Paper with { Epochs = 1, InitialAlpha = 1000 });
        Assert.Equal(result.Weights.W[0].norm().item<double>(), result.Weights.W[1].norm().item<double>(), 0.5);
    }

    [Fact]
    public void Texts_at_right_angles_to_every_shot_leave_alpha_alone()
    {
        using var scope = torch.NewDisposeScope();
        var shots = new LabelledFeatures(torch.eye(4)[..2], torch.tensor([0L, 1]));
        using var result = LpPlusPlusFit.Fit(shots, torch.eye(4)[.., 2..], LpPlusPlusOptions.Paper);
        Assert.Equal(0, result.AlphaLearningRate);
        Assert.Equal(0, result.Weights.Alpha.abs().max().item<float>());
    }

    [Fact]
    public void The_validation_set_chooses_an_epoch_and_only_that()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 36, classes: 12, size: 32);
        var (shots, validation) = (world.DrawEven(1), world.DrawEven(6));
        using var watched = LpPlusPlusFit.Fit(shots, world.Text, LpPlusPlusOptions.Paper, validation);
        var best = watched.Trace.Max(t => t.ValidationAccuracy!.Value);
        Assert.Equal(best, watched.Trace[watched.Epoch - 1].ValidationAccuracy);
        using var again = LpPlusPlusFit.Fit(shots, world.Text, LpPlusPlusOptions.Paper with { Epochs = watched.Epoch });
        Golden.Close(again.Weights.W, watched.Weights.W, 0);
    }

    private static (LabelledFeatures Shots, LabelledFeatures Test, Tensor Text, Tensor Bias) Problem(Golden golden)
    {
        var (features, labels) = (golden.Input("features"), golden.Input("labels"));
        LabelledFeatures Rows(string index)
        {
            var rows = golden.Input(index);
            return new LabelledFeatures(features.index_select(0, rows), labels.index_select(0, rows));
        }
        return (Rows("lppp.train_index"), Rows("lppp.test_index"), golden.Input("text"), golden.Input("lppp.bias0"));
    }

    private static readonly double[] FrozenBias = [-5.191857927539172, 4.878721431713145, -3.115369346988378, 4.022674734700202];
    private static readonly double[] FrozenAlpha = [52.34055043063086, 51.7452960563417, 51.34684349156917, 53.18693921753739];
}
