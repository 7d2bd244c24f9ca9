using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Models;

/// <summary>
/// Goldens of our own, so that a clone without the reference data checks numbers too: weights and inputs follow a formula, go
/// through a safetensors file, and give frozen outputs. Frozen on 2026-11-23, when the same code met the reference goldens.
/// </summary>
public sealed class OwnGoldens : IDisposable
{
    private static readonly ClipConfig Text = new()
    {
        EmbedDim = 4,
        ImageResolution = 32,
        VisionWidth = 64,
        VisionPatchSize = 16,
        VisionLayers = [2],
        ContextLength = 8,
        VocabularySize = 20,
        TextWidth = 64,
        TextLayers = 2,
    };

    private readonly string folder = Directory.CreateTempSubdirectory("fewshot-goldens-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ViT_and_text_tower()
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        using var clip = ThroughFile(new Clip(Text), Clip.Load);
        AssertFrozen(clip.encode_image(Wave(1, 3, 32, 32)), VitImage);
        AssertFrozen(clip.encode_text(tensor(new long[] { 18, 3, 7, 5, 19, 0, 0, 0 }, [1, 8])), VitText);
    }

    [Fact]
    public void Modified_resnet()
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        var config = Text with { VisionPatchSize = null, VisionWidth = 4, VisionLayers = [1, 2, 1, 1], ImageResolution = 64 };
        using var clip = ThroughFile(new Clip(config), Clip.Load);
        AssertFrozen(clip.encode_image(Wave(1, 3, 64, 64)), ResNetImage);
    }

    [Fact]
    public void ConvNeXt_v2()
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        using var model = ThroughFile(new ConvNeXtV2([1, 1, 2, 1], [8, 12, 16, 20], 4), ConvNeXtV2.Load);
        AssertFrozen(model.call(Wave(1, 3, 48, 40)), ConvNeXtLogits);
    }

    private TModel ThroughFile<TModel>(TModel random, Func<Checkpoint, TModel> load) where TModel : nn.Module
    {
        using (random)
        {
            var state = random.state_dict();
            foreach (var (name, value) in state)
                if (value.is_floating_point()) FillByFormula(name, value);
            SafetensorsWriter.Write(Path.Combine(folder, "w.safetensors"), state);
        }
        using var checkpoint = Checkpoint.Open(Path.Combine(folder, "w.safetensors"));
        return load(checkpoint);
    }

    // Norm weights and variances near one, everything else a slow sine scaled by fan-in.
    private static void FillByFormula(string name, Tensor value)
    {
        using var _ = no_grad();
        var wave = Wave(value.shape);
        var fanIn = value.shape.Length > 1 ? value.numel() / value.shape[0] : 16;
        var nearOne = name.EndsWith("running_var", StringComparison.Ordinal) || (value.shape.Length == 1 && name.EndsWith("weight", StringComparison.Ordinal));
        value.copy_(nearOne ? 1 + 0.25 * wave : wave / Math.Sqrt(fanIn));
    }

    private static Tensor Wave(params long[] shape)
    {
        var count = shape.Aggregate(1L, (a, b) => a * b);
        return arange(count, dtype: ScalarType.Float64).mul(0.7).add(count % 17).sin().to(ScalarType.Float32).reshape(shape);
    }

    private static void AssertFrozen(Tensor actual, double[] frozen)
    {
        using var expected = tensor(frozen, [1, frozen.Length]);
        Golden.Close(expected, actual, 2e-5, 2e-5);
    }

    private static readonly double[] VitImage = [0.0192913, 0.3081877, 0.4521382, 0.3834413];
    private static readonly double[] VitText = [-0.0485129, 0.2943277, 0.4987414, 0.4685891];
    private static readonly double[] ResNetImage = [0.8504531, 0.6035922, -1.3430659, -0.7506315];
    private static readonly double[] ConvNeXtLogits = [-2.0604463, -2.8130832, 0.9771118, 2.8376098];
}
