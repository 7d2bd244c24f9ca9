using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class AdaptationInputTests
{
    private static readonly InmapOptions Short = InmapOptions.Paper with { Iterations = 2 };

    public static TheoryData<string, string> BadFeatures => new()
    {
        { "nan", "features: NaN or infinity" },
        { "infinity", "features: NaN or infinity" },
        { "zero row", "features: row 2 has no usable length" },
        { "empty", "its shape is [0, 8]" },
        { "vector", "its shape is [8]" },
        { "size", "do not fit features of size 7" },
        { "integers", "must hold floating-point numbers" },
        { "huge", "row 2 has no usable length" },
    };

    [Theory]
    [MemberData(nameof(BadFeatures))]
    public void Unusable_features_are_refused_with_the_reason(string what, string message)
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 51, classes: 3, size: 8);
        var x = world.DrawEven(2).Features;
        var bad = what switch
        {
            "nan" => Set(x, double.NaN),
            "infinity" => Set(x, double.PositiveInfinity),
            "zero row" => Set(x, 0),
            "huge" => Set(x, 1e300),
            "empty" => torch.zeros(0, 8),
            "vector" => torch.ones(8),
            "size" => torch.ones(3, 7),
            _ => torch.ones(3, 8, dtype: torch.ScalarType.Int64),
        };
        Refused(message, () => InmapFit.Fit(bad, world.Text, Short));
        Refused(message, () => SeedInmapFit.Fit(bad, world.Text));
        var labels = torch.zeros(bad.shape[0], dtype: torch.ScalarType.Int64);
        Refused(message.Replace("features:", "shots:"), () => LpPlusPlusFit.Fit(new(bad, labels), world.Text, LpPlusPlusOptions.Paper));
    }

    [Fact]
    public void Unusable_text_proxies_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 52, classes: 3, size: 8);
        var shots = world.DrawEven(2);
        var zero = world.Text.clone();
        zero[.., 1] = 0;
        Refused("text proxies: column 1", () => InmapFit.Fit(shots.Features, zero, Short));
        Refused("text proxies: column 1", () => LpPlusPlusFit.Fit(shots, zero, LpPlusPlusOptions.Paper));
        Refused("2 classes do not fit", () => InmapFit.Fit(shots.Features, world.Text, Short, new InmapStart(world.Text[.., ..2], 1)));
    }

    [Fact]
    public void Labels_must_be_class_indices()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 53, classes: 3, size: 8);
        var x = world.DrawEven(1).Features;
        foreach (var (labels, message) in new[]
        {
            (torch.tensor([0L, 1, 3]), "run from 0 to 3; there are 3 classes"),
            (torch.tensor([-1L, 1, 2]), "run from -1 to 2"),
            (torch.tensor([0L, 1]), "one label a row: 3 rows"),
            (torch.tensor([0.0, 1, 2]), "must be whole numbers"),
        })
        {
            Refused(message, () => LpPlusPlusFit.Fit(new(x, labels), world.Text, LpPlusPlusOptions.Paper));
            Refused(message, () => LpPlusPlusFit.Fit(world.DrawEven(1), world.Text, LpPlusPlusOptions.Paper, new(x, labels)));
            Refused(message, () => RefinerHeadFit.Fit(new(x, labels), 3, RefinerHeadOptions.Default));
        }
    }

    [Fact]
    public void Settings_out_of_range_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 54, classes: 3, size: 8);
        var shots = world.DrawEven(2);
        Refused("TextTemperature", () => InmapFit.Fit(shots.Features, world.Text, Short with { TextTemperature = 0 }));
        Refused("ImageTemperature", () => InmapFit.Fit(shots.Features, world.Text, Short with { ImageTemperature = double.NaN }));
        Refused("Iterations", () => InmapFit.Fit(shots.Features, world.Text, Short with { Iterations = 0 }));
        Refused("LearningRate", () => InmapFit.Fit(shots.Features, world.Text, Short, new InmapStart(world.Text, -1)));
        Refused("Epochs", () => LpPlusPlusFit.Fit(shots, world.Text, LpPlusPlusOptions.Paper with { Epochs = 0 }));
        Refused("Momentum", () => LpPlusPlusFit.Fit(shots, world.Text, LpPlusPlusOptions.Paper with { Momentum = 1 }));
        Refused("initial bias", () => LpPlusPlusFit.Fit(shots, world.Text, LpPlusPlusOptions.Paper, initialBias: torch.zeros(4)));
        Refused("LabelSmoothing", () => RefinerHeadFit.Fit(shots, 3, RefinerHeadOptions.Default with { LabelSmoothing = 1 }));
        Refused("temperature", () => Sinkhorn.Balance(torch.zeros(2, 2), 0));
        Refused("gamma", () => Sinkhorn.Balance(torch.zeros(2, 2), 1, gamma: -1));
        Refused("logits: NaN", () => Sinkhorn.Balance(torch.full(2, 2, double.NaN), 1));
    }

    [Fact]
    public void A_fit_that_runs_away_says_so_and_returns_no_NaN()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 55, classes: 3, size: 8);
        var x = world.DrawEven(2).Features.to(torch.ScalarType.Float32);
        var reckless = InmapOptions.Seed with { LearningRate = 1e300, UseSinkhorn = false };
        Refused("InMaP", () => InmapFit.Fit(x, world.Text, reckless));
    }

    /// <summary>Row 2 filled with a value, or its first entry made not finite.</summary>
    private static Tensor Set(Tensor x, double value)
    {
        var copy = x.clone();
        if (double.IsFinite(value)) copy[2] = value;
        else copy[2, 0] = value;
        return copy;
    }

    private static void Refused(string message, Func<IDisposable> fit) =>
        Assert.Contains(message, Assert.Throws<AdaptationException>(() => fit()).Message);
}
