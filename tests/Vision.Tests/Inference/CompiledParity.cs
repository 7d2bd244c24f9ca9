using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Inference;

/// <summary>
/// The compiled networks give the features of the ones they were compiled from, with either set of kernels, alone and in any batch.
/// Random small models, so that a clone without the reference data checks this too.
/// </summary>
public class CompiledParity
{
    public static TheoryData<string> Models => ["vit", "vit-gelu", "resnet"];

    [Theory]
    [MemberData(nameof(Models))]
    public void Clip_in_float32(string name)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        using var model = RandomClip(name);
        foreach (var plan in Float32Plans())
        {
            using var compiled = new CompiledClip(model, plan);
            Golden.Close(model.encode_image(Images(model.Config)), compiled.EncodeImage(Images(model.Config)), 1e-5);
            Golden.Close(model.encode_text(Tokens), compiled.EncodeText(Tokens), 1e-5);
            Assert.Equal(Math.Exp(model.LogitScale.item<float>()), compiled.LogitScale, 1e-4);
        }
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(75, 100)] // odd sizes floor in each downsampling; not the size it was compiled for
    public void ConvNeXt_in_float32(int height, int width)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        using var model = RandomConvNeXt();
        var images = randn(3, 3, height, width);
        foreach (var plan in Float32Plans())
        {
            using var compiled = new CompiledConvNeXtV2(model, plan, resolution: 64);
            Golden.Close(model.forward_features(images), compiled.Features(images), 1e-5);
            Golden.Close(model.call(images), compiled.Logits(images), 1e-5);
        }
    }

    [Theory]
    [InlineData(ComputeDtype.BFloat16, 0.999)]
    [InlineData(ComputeDtype.Float16, 0.9999)]
    public void Half_precision_points_the_same_way(ComputeDtype dtype, double cosine)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var plan = ComputePlan.For(CPU, dtype);
        foreach (var name in Models.Select(row => row.Data))
        {
            using var model = RandomClip(name);
            using var compiled = new CompiledClip(model, plan);
            AssertCosine(cosine, model.encode_image(Images(model.Config)), compiled.EncodeImage(Images(model.Config).to(plan.Dtype)));
            AssertCosine(cosine, model.encode_text(Tokens), compiled.EncodeText(Tokens));
        }
        using var refiner = RandomConvNeXt();
        using var compiledRefiner = new CompiledConvNeXtV2(refiner, plan, resolution: 64);
        var images = randn(2, 3, 64, 64);
        AssertCosine(cosine, refiner.forward_features(images), compiledRefiner.Features(images.to(plan.Dtype)));
    }

    public static MatrixTheoryData<string, ComputeKernels> ModelsAndKernels =>
        new(["vit", "resnet"], [ComputeKernels.Simd, ComputeKernels.OneDnn, ComputeKernels.Aten]);

    [Theory]
    [MemberData(nameof(ModelsAndKernels))]
    public void Features_do_not_depend_on_the_batch_its_order_or_the_thread(string name, ComputeKernels kernels)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        using var model = RandomClip(name);
        using var compiled = new CompiledClip(model, ComputePlan.For(CPU, ComputeDtype.Float32, kernels));
        var images = Images(model.Config);
        var together = compiled.EncodeImage(images);
        Golden.Close(together, cat([.. images.split(1).Select(compiled.EncodeImage)]), 1e-5);
        Golden.Close(together.flip(0), compiled.EncodeImage(images.flip(0)), 1e-5);
        // Texts ride with longer ones: what is cut off differs.
        Golden.Close(compiled.EncodeText(compiled.Trim(Tokens)), cat([.. Tokens.split(1).Select(row => compiled.EncodeText(compiled.Trim(row)))]), 1e-5);

        Tensor? elsewhere = null;
        var thread = new Thread(() =>
        {
            using var ownMode = inference_mode();
            elsewhere = compiled.EncodeImage(images);
        });
        thread.Start();
        thread.Join();
        using (elsewhere) Golden.Close(together, elsewhere!, 1e-5);
    }

    [Fact]
    public void Plans_follow_the_processor()
    {
        Assert.Equal(ScalarType.Float32, ComputePlan.Reference.Dtype);
        Assert.Equal(CpuFeatures.FastBFloat16 ? ScalarType.BFloat16 : ScalarType.Float32, ComputePlan.For(CPU).Dtype);
        Assert.Equal("float16 aten", string.Join(' ', ComputePlan.For(CPU, ComputeDtype.Float16).ToString().Split(' ')[..2]));
    }

    [Theory]
    [InlineData("clip-vit-tiny")]
    [InlineData("clip-rn-tiny")]
    [InlineData("clip-vit-mini")]
    public void Clip_meets_the_reference_goldens(string golden)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(ReferenceData.Reference("models", golden + ".pt"));
        using var clip = Clip.Load(checkpoint);
        foreach (var plan in Float32Plans())
        {
            using var compiled = new CompiledClip(clip, plan);
            AssertUnit("image", 2e-5, compiled.EncodeImage(Golden.Load(At("images.npy"))));
            AssertUnit("text", 5e-6, compiled.EncodeText(Golden.Load(At("tokens.npy")).to(ScalarType.Int64)));
        }

        string At(string name) => ReferenceData.Reference("models", golden, name);
        void AssertUnit(string tower, double atol, Tensor features) =>
            Golden.Close(At($"{tower}_features_l2.npy"), nn.functional.normalize(features, dim: -1), atol);
    }

    [Theory]
    [InlineData("64")]
    [InlineData("96")]
    [InlineData("75x100")]
    public void ConvNeXt_meets_the_reference_goldens(string size)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(ReferenceData.Reference("models", "convnextv2-tiny.pt"));
        using var model = ConvNeXtV2.Load(checkpoint);
        var images = Golden.Load(ReferenceData.Reference("models", "convnextv2-tiny", $"images-{size}.npy"));
        foreach (var plan in Float32Plans())
        {
            using var compiled = new CompiledConvNeXtV2(model, plan, resolution: 64);
            Golden.Close(ReferenceData.Reference("models", "convnextv2-tiny", $"pooled-{size}.npy"), compiled.Features(images), 2e-5);
            Golden.Close(ReferenceData.Reference("models", "convnextv2-tiny", $"logits-{size}.npy"), compiled.Logits(images), 2e-5);
        }
    }

    // End tokens at different places, also the first possible and the last one.
    private static Tensor Tokens => tensor(
        new long[] { 18, 3, 7, 5, 19, 0, 0, 0, 18, 19, 0, 0, 0, 0, 0, 0, 18, 1, 2, 3, 4, 5, 6, 19, 18, 9, 9, 19, 0, 0, 0, 0 }, [4, 8]);

    // Where a machine lacks some kernels, the next best stand in for them.
    private static IEnumerable<ComputePlan> Float32Plans() =>
        new[] { ComputeKernels.Simd, ComputeKernels.OneDnn, ComputeKernels.Aten }.Select(k => ComputePlan.For(CPU, ComputeDtype.Float32, k));

    private static Tensor Images(ClipConfig config)
    {
        using var generator = new Generator(5);
        return randn([5, 3, config.ImageResolution, config.ImageResolution], generator: generator);
    }

    private static Clip RandomClip(string name)
    {
        var isResNet = name == "resnet";
        var model = new Clip(new ClipConfig
        {
            EmbedDim = 24,
            ImageResolution = 64,
            VisionWidth = isResNet ? 32 : 128, // 16 channels and more: what Winograd takes
            VisionPatchSize = isResNet ? null : 16,
            VisionLayers = isResNet ? [2, 1, 2, 1] : [3],
            ContextLength = 8,
            VocabularySize = 20,
            TextWidth = 128,
            TextLayers = 2,
            Activation = name == "vit-gelu" ? ClipActivation.Gelu : ClipActivation.QuickGelu,
        });
        RandomStatistics(model);
        return model;
    }

    private static ConvNeXtV2 RandomConvNeXt()
    {
        var model = new ConvNeXtV2([1, 1, 2, 1], [16, 24, 32, 48], 10);
        RandomStatistics(model);
        return model;
    }

    // What the constructors leave at 0 or 1 (norms, biases, BatchNorm's statistics, GRN) would hide a fold that was forgotten.
    private static void RandomStatistics(nn.Module model)
    {
        using var generator = new Generator(11);
        foreach (var (key, value) in model.state_dict())
        {
            if (!value.is_floating_point() || value.dim() == 0) continue;
            using var noise = rand(value.shape, generator: generator);
            if (key.EndsWith("running_var", StringComparison.Ordinal)) value.copy_(noise + 0.5);
            else if (value.numel() == value.shape[^1] || value.dim() == 1) value.add_(noise - 0.5);
        }
        model.eval();
    }

    private static void AssertCosine(double least, Tensor expected, Tensor actual)
    {
        var cosines = nn.functional.cosine_similarity(expected, actual.to(ScalarType.Float32), dim: -1);
        Assert.InRange(cosines.min().item<float>(), least, 1.001);
    }
}
