using FewShotCluster.Bench.Encoders;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Models;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Tests.Encoders;

/// <summary>The bench on small models: what it measures, and that it notices when both sides compute something else.</summary>
public sealed class EncoderBenchTests
{
    private static readonly ClipConfig Small = new()
    {
        EmbedDim = 16,
        ImageResolution = 32,
        VisionWidth = 64,
        VisionPatchSize = 16,
        VisionLayers = [2],
        ContextLength = 16,
        VocabularySize = 64,
        TextWidth = 64,
        TextLayers = 2,
    };

    [Theory]
    [InlineData(false, "onnxruntime float32")]
    [InlineData(true, "eager float32")]
    public void Measures_what_is_asked_for(bool eager, string opponent)
    {
        using var model = new BenchModel(Random(Small), "small");
        var steps = new List<string>();
        var options = Options(["small", "small-text-prompt"]) with { Batches = [1, 3], AgainstEager = eager };
        var results = new EncoderBench(options, (step, _) => steps.Add(step)).Run(model, CancellationToken.None);

        Assert.Equal(
            ["small/batch-1/threads-1/float32", "small/batch-3/threads-1/float32",
             "small-text-prompt/batch-1/threads-1/float32", "small-text-prompt/batch-3/threads-1/float32"],
            results.Select(r => r.ToFigure().Name));
        Assert.All(results, r =>
        {
            Assert.True(r.Agrees, r.ToFigure().Note);
            Assert.True(r.Ours.Milliseconds.Median > 0 && r.GigaflopsPerSecond > 0 && r.ProductShare > 0);
            Assert.Equal(opponent, r.ToFigure().Against);
        });
        Assert.Equal(4, steps.Distinct().Count());
    }

    [Fact]
    public void Number_formats_and_kernels_are_told_apart()
    {
        using var model = new BenchModel(Random(Small), "small");
        var options = Options(["small"]) with
        {
            Dtypes = [ComputeDtype.Float32, ComputeDtype.BFloat16],
            Kernels = [ComputeKernels.OneDnn, ComputeKernels.Aten],
        };
        var results = new EncoderBench(options, (_, _) => { }).Run(model, CancellationToken.None);

        var names = results.Select(r => r.Ours.Name).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.Subset(names.ToHashSet(), new HashSet<string> { "float32-onednn", "float32-aten", "bfloat16-aten" });
        Assert.All(results, r => Assert.True(r.Agrees, r.ToFigure().Note));
    }

    [Fact]
    public void Other_features_are_noticed()
    {
        Assert.Equal(1, EncoderResult.WorstCosine([1, 2, 3, 4], [2, 4, 3, 4], batch: 2), 6);
        Assert.True(EncoderResult.WorstCosine([1, 2, 3, 4], [1, 2, 4, 3], batch: 2) < 0.97);
    }

    [Fact]
    public void Random_weights_go_through_a_file()
    {
        var path = Path.Combine(Path.GetTempPath(), $"fewshot-bench-{Guid.NewGuid():N}.safetensors");
        try
        {
            using var clip = Random(Small);
            SafetensorsWriter.Write(path, clip.state_dict());
            using var checkpoint = Checkpoint.Open(path);
            using var loaded = Clip.Load(checkpoint);
            using var scope = NewDisposeScope();
            Golden.Close(clip.encode_image(ones(1, 3, 32, 32)), loaded.encode_image(ones(1, 3, 32, 32)), atol: 0);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(2 * 4.37, true, false)]
    [InlineData(2 * 9.9, false, false)]
    [InlineData(2 * 2.95, true, true)]
    public void Products_are_the_published_number_of_operations(double gigaflops, bool vit, bool text)
    {
        var config = vit ? TrueSize.ViTB32 : TrueSize.Rn101;
        var products = text ? NetworkProducts.Text(config, 3, config.ContextLength) : NetworkProducts.Image(config, 3);
        Assert.Equal(gigaflops, products.Sum(p => p.Operations) / 3 / 1e9, 0.04 * gigaflops);
    }

    [Fact]
    public void Products_of_a_convnext_are_its_weights_times_their_positions()
    {
        using var model = new ConvNeXtV2([1, 1, 2, 1], [8, 12, 16, 24], 10);
        var positions = new[] { 16L * 16, 8 * 8, 4 * 4, 2 * 2 }; // of 64 pixels a side
        var expected = model.state_dict()
            .Where(w => w.Value.dim() is 2 or 4 && !w.Key.Split('.').Any(part => part is "dwconv" or "grn"))
            .Sum(w => 2.0 * w.Value.numel() * (w.Key.Split('.') is [_, [var stage], ..] ? positions[stage - '0'] : 1));
        Assert.Equal(5 * expected, NetworkProducts.ConvNeXt(model, 64, batch: 5).Sum(p => p.Operations));
    }

    private static EncoderBenchOptions Options(HashSet<string> workloads) => new()
    {
        Workloads = workloads,
        Batches = [1],
        Threads = [1],
        Dtypes = [ComputeDtype.Float32],
        Kernels = [ComputeKernels.Auto],
        Rounds = new Interleaved { Rounds = 1, Limit = TimeSpan.Zero, Turn = TimeSpan.FromMilliseconds(5) },
    };

    private static Clip Random(ClipConfig config)
    {
        var clip = new Clip(config);
        RandomWeights.Fill(clip, seed: 1);
        clip.eval();
        return clip;
    }
}
