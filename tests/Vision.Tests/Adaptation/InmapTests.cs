using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class InmapTests
{
    [Theory]
    [InlineData("small", "f64", 20)]
    [InlineData("small", "f64", 100)]
    [InlineData("small", "f32", 20)]
    [InlineData("small", "f32", 100)]
    [InlineData("medium", "f64", 20)]
    [InlineData("medium", "f64", 100)]
    [InlineData("medium", "f32", 20)]
    [InlineData("medium", "f32", 100)]
    public void Agrees_with_the_authors(string problem, string precision, int iterations)
    {
        using var scope = torch.NewDisposeScope();
        var golden = new Golden(problem, precision);
        foreach (var sinkhorn in new[] { true, false })
        {
            var options = InmapOptions.Paper with { Iterations = iterations, UseSinkhorn = sinkhorn };
            using var result = InmapFit.Fit(golden.Input("features"), golden.Input("text"), options);
            var name = $"inmap.it{iterations}.{(sinkhorn ? "sinkhorn" : "nosinkhorn")}";
            var tolerance = golden.Tolerance(1e-10, 1e-4);
            Assert.Equal(golden.Type, result.Proxies.dtype);
            Golden.Close(golden.Output(name + ".W"), result.Proxies, tolerance);
            var trace = golden.Output(name + ".trace");
            Golden.Close(trace[.., 0], torch.tensor(result.Trace.Select(t => t.GradientNorm).ToArray()), tolerance);
            Golden.Close(trace[.., 1], torch.tensor(result.Trace.Select(t => t.LearningRate).ToArray()), 0);
            Assert.Equal(result.Trace[^1].LearningRate, result.LearningRate);
        }
    }

    [Theory]
    [InlineData("small", "f64")]
    [InlineData("small", "f32")]
    [InlineData("medium", "f64")]
    [InlineData("medium", "f32")]
    public void The_seeds_variant_agrees_with_the_seed(string problem, string precision)
    {
        using var scope = torch.NewDisposeScope();
        var golden = new Golden(problem, precision);
        foreach (var (name, restart) in new[] { ("aliased", false), ("copied", true) })
        {
            using var result = SeedInmapFit.Fit(golden.Input("features"), golden.Input("text"), restartFromText: restart);
            var tolerance = golden.Tolerance(1e-10, 1e-4);
            Golden.Close(golden.Output($"seed_inmap.{name}.W1"), result.First.Proxies, tolerance);
            Golden.Close(golden.Output($"seed_inmap.{name}.W2"), result.Second.Proxies, tolerance);
            var scores = Scores.Proxies(Scores.UnitRows(golden.Input("features")), result.Second.Proxies);
            var expected = golden.Output64($"seed_inmap.{name}.scores");
            Golden.Close(expected, scores[..(int)expected.shape[0]], tolerance);
            foreach (var (round, trace) in new[] { ("trace1", result.First.Trace), ("trace2", result.Second.Trace) })
            {
                var values = golden.Output($"seed_inmap.{name}.{round}");
                Golden.Close(values[.., 0], torch.tensor(trace.Select(t => t.GradientNorm).ToArray()), tolerance);
                Golden.Close(values[.., 1], torch.tensor(trace.Select(t => t.LearningRate).ToArray()), 0);
            }
        }
    }

    [Fact]
    public void Beats_text_across_a_modality_gap_also_on_images_outside_the_pool()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 11, classes: 20, size: 48);
        var (pool, test) = (world.DrawEven(20), world.DrawEven(30));
        using var result = InmapFit.Fit(pool.Features, world.Text, InmapOptions.Paper with { Iterations = 100 });
        var text = Scores.Accuracy(Scores.Proxies(test.Features, world.Text), test.Labels);
        var vision = Scores.Accuracy(Scores.Proxies(test.Features, result.Proxies), test.Labels);
        Assert.InRange(text, 0.3, 0.9);
        Assert.True(vision > text + 0.03, $"text {text:P1}, InMaP {vision:P1}");
    }

    [Fact]
    public void Both_variants_keep_their_frozen_numbers()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 12, classes: 4, size: 6);
        var pool = world.DrawEven(8);
        using var paper = InmapFit.Fit(pool.Features, world.Text, InmapOptions.Paper with { Iterations = 30 });
        using var seed = SeedInmapFit.Fit(pool.Features, world.Text);
        Golden.Close(torch.tensor(PaperProxies), paper.Proxies[0], 1e-10);
        Golden.Close(torch.tensor(SeedProxies), seed.Second.Proxies[0], 1e-10);
    }

    [Fact]
    public void A_warm_start_needs_far_fewer_steps_than_a_cold_one()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 13, classes: 20, size: 48);
        var (pool, more) = (world.DrawEven(16), world.DrawEven(2));
        var features = torch.cat([pool.Features, more.Features]);
        using var earlier = InmapFit.Fit(pool.Features, world.Text, InmapOptions.Paper with { Iterations = 200 });
        using var full = InmapFit.Fit(features, world.Text, InmapOptions.Paper with { Iterations = 500 });
        var few = InmapOptions.Paper with { Iterations = 5 };
        using var warm = InmapFit.Fit(features, world.Text, few, new InmapStart(earlier.Proxies, earlier.LearningRate));
        using var cold = InmapFit.Fit(features, world.Text, few);
        double Distance(InmapResult r) => (r.Proxies - full.Proxies).norm().item<double>();
        Assert.True(Distance(warm) < Distance(cold) / 2, $"warm {Distance(warm):G3}, cold {Distance(cold):G3}");
        Assert.True(warm.Trace[0].LearningRate == earlier.LearningRate);
    }

    [Fact]
    public void The_length_of_the_features_and_the_order_of_the_images_do_not_matter()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 14, classes: 6, size: 16);
        var x = world.DrawEven(6).Features;
        var options = InmapOptions.Paper with { Iterations = 20 };
        using var plain = InmapFit.Fit(x, world.Text, options);
        var lengths = torch.arange(1, 37, dtype: torch.ScalarType.Float64).unsqueeze(1);
        using var stretched = InmapFit.Fit((x * lengths).flip(0), world.Text, options);
        Golden.Close(plain.Proxies, stretched.Proxies, 1e-9);
        Golden.Close(torch.ones(6), plain.Proxies.norm(0), 1e-12);
    }

    [Fact]
    public void Half_precision_is_computed_in_float32()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 15, classes: 4, size: 8);
        var (features, text) = (world.DrawEven(4).Features.to(torch.ScalarType.BFloat16), world.Text.to(torch.ScalarType.Float16));
        using var result = InmapFit.Fit(features, text, InmapOptions.Paper with { Iterations = 3 });
        Assert.Equal(torch.ScalarType.Float32, result.Proxies.dtype);
    }

    private static readonly double[] PaperProxies = [-0.4284034137530879, 0.29805618787552196, -0.6904716220714683, 0.5954119776459331];
    private static readonly double[] SeedProxies = [-1.5970355984266167, 0.023521534251691012, -2.857169235027658, 4.742901662539991];
}
