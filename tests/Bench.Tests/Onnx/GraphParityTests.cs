using FewShotCluster.Bench.Models;
using FewShotCluster.Bench.Onnx;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Tests.Onnx;

/// <summary>The opponent computes the same function: small random models in ONNX Runtime and in Vision, two batch sizes each.</summary>
public sealed class GraphParityTests
{
    private static readonly ClipConfig ViT = new()
    {
        EmbedDim = 24,
        ImageResolution = 64,
        VisionWidth = 128,
        VisionPatchSize = 16,
        VisionLayers = [3],
        ContextLength = 16,
        VocabularySize = 100,
        TextWidth = 128,
        TextLayers = 2,
    };

    [Theory]
    [InlineData(ClipActivation.QuickGelu)]
    [InlineData(ClipActivation.Gelu)]
    public void Vision_transformer(ClipActivation activation)
    {
        using var clip = Random(new Clip(ViT with { Activation = activation }));
        AssertSame(ClipImageGraph.Build(clip), rows => Pixels(rows, 64), clip.encode_image);
    }

    [Fact]
    public void Modified_resnet()
    {
        var config = ViT with { VisionPatchSize = null, VisionWidth = 16, VisionLayers = [2, 1, 2, 1] };
        using var clip = Random(new Clip(config));
        AssertSame(ClipImageGraph.Build(clip), rows => Pixels(rows, 64), clip.encode_image);
    }

    [Theory]
    [InlineData(ClipActivation.QuickGelu)]
    [InlineData(ClipActivation.Gelu)]
    public void Text_tower(ClipActivation activation)
    {
        using var clip = Random(new Clip(ViT with { Activation = activation }));
        AssertSame(ClipTextGraph.Build(clip), Tokens, clip.encode_text);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(75)] // odd sides floor in each downsampling
    public void ConvNeXt_v2(int resolution)
    {
        using var model = Random(new ConvNeXtV2([1, 1, 2, 1], [8, 12, 16, 24], 10));
        AssertSame(ConvNeXtV2Graph.Build(model, resolution), rows => Pixels(rows, resolution), model.call);
    }

    private static void AssertSame(byte[] onnx, Func<int, Tensor> inputs, Func<Tensor, Tensor> ours)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        using var session = new OnnxSession(onnx, threads: 1);
        foreach (var rows in new[] { 1, 3 })
        {
            var input = inputs(rows);
            var expected = ours(input);
            var results = input.dtype == ScalarType.Int64
                ? session.Run(input.data<long>().ToArray())
                : session.Run(input.data<float>().ToArray());
            Golden.Close(expected, tensor(results, expected.shape), atol: 1e-4 * expected.abs().max().item<float>());
        }
    }

    private static Tensor Pixels(int rows, int side) => rand(rows, 3, side, side, generator: new Generator(7)).mul(2).sub(1);

    // Ends at different places; what follows the end token must not matter.
    private static Tensor Tokens(int rows)
    {
        var ids = new long[rows * ViT.ContextLength];
        for (var row = 0; row < rows; row++)
        {
            var text = ids.AsSpan(row * ViT.ContextLength, ViT.ContextLength);
            for (var i = 0; i < text.Length; i++) text[i] = (31 * row + 7 * i) % 98;
            text[^(1 + 4 * row)] = 99;
        }
        return tensor(ids, [rows, ViT.ContextLength]);
    }

    private static TModel Random<TModel>(TModel model) where TModel : nn.Module
    {
        RandomWeights.Fill(model, seed: 1);
        model.eval();
        return model;
    }
}
