using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Checkpoints;

/// <summary>What may be loaded as weights, and what the models make of it.</summary>
public sealed class WeightTests : IDisposable
{
    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("fewshot-weights-").FullName, "w.safetensors");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Every_floating_point_type_is_widened_to_float32(ScalarType stored)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        foreach (var value in model.state_dict().Values)
            value.copy_(value.to(ScalarType.BFloat16).to(ScalarType.Float16)); // exact in all four
        using var loaded = Load(model.state_dict(), stored);
        Assert.All(loaded.state_dict().Values, v => Assert.Equal(ScalarType.Float32, v.dtype));
        Golden.Close(TinyClip.Image(model), TinyClip.Image(loaded), 0, 0);
        Golden.Close(TinyClip.Text(model), TinyClip.Text(loaded), 0, 0);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e300)]
    public void A_weight_that_is_not_finite_in_float32_is_refused_by_name(double value)
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        var state = model.state_dict();
        state["ln_final.bias"] = full([64], value, ScalarType.Float64);
        var error = Assert.Throws<CheckpointException>(() => Load(state, ScalarType.Float64));
        Assert.Contains("'ln_final.bias'", error.Message);
    }

    [Fact]
    public void Integers_are_no_weights()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        var state = model.state_dict();
        state["ln_final.bias"] = ones(64, ScalarType.Int64);
        Assert.Contains("not floating-point: ln_final.bias", Assert.Throws<CheckpointException>(() => Load(state)).Message);
    }

    [Fact]
    public void A_small_file_that_asks_for_a_gigantic_model_is_refused_before_it_is_built()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        var state = model.state_dict();
        state["ln_final.weight"] = ones(1 << 20); // would make 3 * 2^40 weights in the first block
        Assert.Contains("text_projection", Assert.Throws<CheckpointException>(() => Load(state)).Message);
        state = model.state_dict();
        state["text_projection"] = ones(0, 1L << 39);
        Assert.Contains("text_projection", Assert.Throws<CheckpointException>(() => Load(state)).Message);
    }

    [Theory]
    [InlineData(1280)]
    [InlineData(1408)]
    public void Image_towers_with_heads_of_another_size_are_refused(int width)
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        var state = model.state_dict();
        state["visual.conv1.weight"] = ones(width, 3, 1, 1);
        Assert.Contains($"width {width}", Assert.Throws<CheckpointException>(() => Load(state)).Message);
    }

    [Fact]
    public void Exact_gelu_is_used_where_asked_for()
    {
        // With c_fc's weights at zero, a block sees the activation of its bias alone; where QuickGELU(other) = GELU(1), features agree.
        const double GeluOfOne = 0.8413447460685429;
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        Clip With(double bias, ClipActivation activation)
        {
            foreach (var (name, value) in model.state_dict())
                if (name.Contains("c_fc.bias")) value.fill_(bias);
                else if (name.Contains("c_fc.weight")) value.zero_();
            return Load(model.state_dict(), activation: activation);
        }
        var (low, high) = (0.5, 1.5);
        while (high - low > 1e-12)
        {
            var middle = (low + high) / 2;
            if (middle / (1 + Math.Exp(-1.702 * middle)) < GeluOfOne) low = middle; else high = middle;
        }

        using var exact = With(1, ClipActivation.Gelu);
        using var quick = With(low, ClipActivation.QuickGelu);
        using var other = With(1, ClipActivation.QuickGelu);
        Assert.Equal(ClipActivation.Gelu, exact.Config.Activation);
        Golden.Close(TinyClip.Image(quick), TinyClip.Image(exact), 1e-5, 1e-5);
        Golden.Close(TinyClip.Text(quick), TinyClip.Text(exact), 1e-5, 1e-5);
        Assert.True((TinyClip.Image(other) - TinyClip.Image(exact)).abs().max().item<float>() > 1e-4);
        Assert.True((TinyClip.Text(other) - TinyClip.Text(exact)).abs().max().item<float>() > 1e-4);
    }

    private Clip Load(
        Dictionary<string, Tensor> state, ScalarType stored = ScalarType.Float32, ClipActivation activation = ClipActivation.QuickGelu)
    {
        SafetensorsWriter.Write(path, state, stored);
        using var checkpoint = Checkpoint.Open(path);
        return Clip.Load(checkpoint, activation);
    }
}
