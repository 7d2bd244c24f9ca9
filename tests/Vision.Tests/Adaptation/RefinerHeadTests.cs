using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class RefinerHeadTests
{
    [Fact]
    public void Agrees_with_torchs_own_AdamW_and_cross_entropy()
    {
        using var scope = torch.NewDisposeScope();
        var (views, _) = Views(seed: 41);
        var options = RefinerHeadOptions.Default with { Epochs = 60, CosinePeriod = 60 };
        using var head = RefinerHeadFit.Fit(views, 6, options);

        var (mean, deviation) = (views.Features.mean([0]), views.Features.std(0) + 1e-5);
        var standard = (views.Features - mean) / deviation;
        using var linear = torch.nn.Linear(10, 6, dtype: torch.ScalarType.Float64);
        torch.nn.init.zeros_(linear.weight);
        torch.nn.init.zeros_(linear.bias!);
        using var optimizer = torch.optim.AdamW(linear.parameters(), 1e-2, weight_decay: 1e-2);
        for (var step = 0; step < 60; step++)
        {
            foreach (var group in optimizer.ParamGroups) group.LearningRate = 1e-2 * (0.5 + 0.5 * Math.Cos(Math.PI * step / 60));
            var loss = torch.nn.functional.cross_entropy(linear.forward(standard), views.Labels, label_smoothing: 0.05);
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
        }
        using var noGradient = torch.no_grad();
        Golden.Close(linear.forward(standard), Scores.Linear(views.Features, head), 1e-10);
    }

    [Fact]
    public void Learns_from_features_of_very_different_scales()
    {
        using var scope = torch.NewDisposeScope();
        var (views, test) = Views(seed: 42);
        using var head = RefinerHeadFit.Fit(views, 6, RefinerHeadOptions.Default);
        var accuracy = Scores.Accuracy(Scores.Linear(test.Features, head), test.Labels);
        Assert.True(accuracy > 0.8, $"accuracy {accuracy:P1}");
    }

    [Fact]
    public void The_seeds_preset_runs_in_batches_and_repeats_from_its_seed()
    {
        using var scope = torch.NewDisposeScope();
        var (views, _) = Views(seed: 43);
        using var fit = new RefinerHeadFit(views, 6, RefinerHeadOptions.SeedPreset);
        Assert.Equal(31 * 2, fit.Total); // 48 views: a batch of 32 and one of 16
        using var first = fit.RunToEnd();
        using var second = RefinerHeadFit.Fit(views, 6, RefinerHeadOptions.SeedPreset);
        using var other = RefinerHeadFit.Fit(views, 6, RefinerHeadOptions.SeedPreset with { Seed = 2 });
        Golden.Close(first.W, second.W, 0);
        Assert.NotEqual(0, (first.W - other.W).abs().max().item<double>());
        Golden.Close(torch.tensor(FrozenBias), first.Bias, 1e-8);
    }

    [Fact]
    public void A_feature_that_never_varies_and_a_single_view_are_harmless()
    {
        using var scope = torch.NewDisposeScope();
        var constant = torch.cat([torch.full(4, 1, 1000.0), torch.tensor(new double[,] { { 1 }, { 1 }, { 2 }, { 2 } })], 1);
        using var head = RefinerHeadFit.Fit(new LabelledFeatures(constant, torch.tensor([0L, 0, 1, 1])), 2, RefinerHeadOptions.Default);
        Assert.Equal(1, Scores.Accuracy(Scores.Linear(constant, head), torch.tensor([0L, 0, 1, 1])));
        using var single = RefinerHeadFit.Fit(new LabelledFeatures(torch.ones(1, 3), torch.tensor([1L])), 2, RefinerHeadOptions.Default);
        Assert.Equal(1, Scores.Linear(torch.ones(1, 3), single).argmax(1).item<long>());
    }

    /// <summary>Six classes, eight views each, ten features of scales from 0.01 to 1000.</summary>
    private static (LabelledFeatures Views, LabelledFeatures Test) Views(ulong seed)
    {
        var world = new SyntheticClip(seed, classes: 6, size: 10, spread: 0.6);
        var scale = torch.logspace(-2, 3, 10, dtype: torch.ScalarType.Float64);
        LabelledFeatures Draw(int perClass)
        {
            var images = world.DrawEven(perClass);
            return images with { Features = images.Features * scale + scale };
        }
        return (Draw(8), Draw(20));
    }

    private static readonly double[] FrozenBias =
        [0.048136251390481666, -0.2954158449504723, 0.15757312383841607, 0.05191266273589957, 0.11883241065889531, -0.14906203922989325];
}
