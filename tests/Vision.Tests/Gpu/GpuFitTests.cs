using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Adaptation.Calibration;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Gpu;

/// <summary>The fits give on a GPU what they give on the CPU: in float64, where the order of a sum changes nothing that is seen here.</summary>
public class GpuFitTests
{
    private const double Same = 1e-8;

    [Fact]
    public void Inmap_sinkhorn_and_the_gate()
    {
        using var scope = NewDisposeScope();
        var gpu = Gpu.Require();
        var world = World();
        var images = world.DrawEven(30).Features;
        var options = InmapOptions.Paper with { Iterations = 8 };
        using var here = InmapFit.Fit(images, world.Text, options);
        using var there = InmapFit.Fit(images.to(gpu), world.Text.to(gpu), options);
        Golden.Close(here.Proxies, there.Proxies, Same);
        Assert.Equal(here.LearningRate, there.LearningRate);
        using var warm = InmapFit.Fit(images.to(gpu), world.Text.to(gpu), options, new InmapStart(there.Proxies, there.LearningRate));
        Assert.Equal(gpu.type, warm.Proxies.device_type);
        using var seed = SeedInmapFit.Fit(images, world.Text);
        using var seedThere = SeedInmapFit.Fit(images.to(gpu), world.Text.to(gpu));
        Golden.Close(seed.Second.Proxies, seedThere.Second.Proxies, Same);
        var soft = Scores.SoftLabels(images.to(gpu), world.Text.to(gpu), 0.01);
        Assert.Equal(InmapGate.Coverage(Scores.SoftLabels(images, world.Text, 0.01)), InmapGate.Coverage(soft));
    }

    [Fact]
    public void OnZeta()
    {
        using var scope = NewDisposeScope();
        var gpu = Gpu.Require();
        var world = World();
        var images = world.DrawEven(10).Features;
        using var here = OnZetaFit.Fit(images, world.Text, OnZetaOptions.Paper with { KeepLabels = true });
        using var there = OnZetaFit.Fit(images.to(gpu), world.Text.to(gpu), OnZetaOptions.Paper with { KeepLabels = true });
        Golden.Close(here.Proxies, there.Proxies, Same);
        Assert.Equal(here.CombinedBest, there.CombinedBest);
    }

    [Fact]
    public void LpPlusPlus_with_validation_and_cross_validation()
    {
        using var scope = NewDisposeScope();
        var gpu = Gpu.Require();
        var world = World();
        var (shots, validation) = (world.DrawEven(4), world.DrawEven(3));
        foreach (var options in new[] { LpPlusPlusOptions.Paper, LpPlusPlusOptions.Seed })
        {
            var brief = options with { Epochs = 30 };
            using var bias = zeros(world.Classes, dtype: ScalarType.Float64);
            using var here = LpPlusPlusFit.Fit(shots, world.Text, brief, validation, bias);
            using var there = LpPlusPlusFit.Fit(On(gpu, shots), world.Text.to(gpu), brief, On(gpu, validation), bias.to(gpu));
            Golden.Close(here.Weights.W, there.Weights.W, Same);
            Golden.Close(here.Weights.Alpha, there.Weights.Alpha, Same);
            Assert.Equal(here.Epoch, there.Epoch);
        }
        var crossed = LpPlusPlusOptions.Paper with { Epochs = 20 };
        using var crossHere = new ProbeCrossValidation(shots, world.Text, crossed).RunToEnd();
        using var crossThere = new ProbeCrossValidation(On(gpu, shots), world.Text.to(gpu), crossed).RunToEnd();
        Golden.Close(crossHere.Logits, crossThere.Logits, Same);
        Assert.Equal(
            TemperatureScaling.Fit(crossHere.Logits, shots.Labels), TemperatureScaling.Fit(crossThere.Logits, On(gpu, shots).Labels), 1e-6);
    }

    [Fact]
    public void Gda_and_a_class_added_to_it()
    {
        using var scope = NewDisposeScope();
        var gpu = Gpu.Require();
        var world = World();
        var (shots, more) = (world.DrawEven(6), world.DrawEven(1).Features);
        Golden.Close(Probe(shots, more), Probe(On(gpu, shots), more.to(gpu)), Same, rtol: Same);

        Tensor Probe(LabelledFeatures labelled, Tensor added)
        {
            using var gda = GaussianDiscriminant.Fit(labelled, world.Classes);
            using var larger = gda.WithClass(added);
            using var probe = larger.Probe(100);
            return probe.W.alias();
        }
    }

    [Fact]
    public void The_refiners_head()
    {
        using var scope = NewDisposeScope();
        var gpu = Gpu.Require();
        var world = World();
        var shots = world.DrawEven(6);
        foreach (var options in new[] { RefinerHeadOptions.Default, RefinerHeadOptions.SeedPreset })
        {
            using var here = RefinerHeadFit.Fit(shots, world.Classes, options);
            using var there = RefinerHeadFit.Fit(On(gpu, shots), world.Classes, options);
            Golden.Close(Scores.Linear(shots.Features, here), Scores.Linear(shots.Features.to(gpu), there), 1e-6);
        }
    }

    private static SyntheticClip World() => new(seed: 71, classes: 12, size: 32);

    private static LabelledFeatures On(Device device, LabelledFeatures shots) => new(shots.Features.to(device), shots.Labels.to(device));
}
