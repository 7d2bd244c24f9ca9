using System.Numerics.Tensors;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Tests.Encoders;

namespace FewShotCluster.Vision.Tests.Gpu;

/// <summary>Encoders on a GPU give the features that they give on the CPU in float32, from page-locked bytes to rows, in any batch.</summary>
public class GpuEncoderTests
{
    private const int Pictures = 33;
    private static readonly string Models = Path.Combine(ReferenceData.RepositoryRoot, "models", "demo");
    private static readonly string[] Texts =
        [.. Enumerable.Range(0, Pictures).Select(i => string.Join(' ', Enumerable.Repeat("a photo of a red car", 1 + i % 4)))];

    [Theory]
    [InlineData("clip-vit", ComputeDtype.Float32, 0.999999)]
    [InlineData("clip-vit", ComputeDtype.Float16, 0.9999)]
    [InlineData("clip-vit", ComputeDtype.BFloat16, 0.999)]
    [InlineData("clip-rn", ComputeDtype.Float32, 0.999999)]
    [InlineData("clip-rn", ComputeDtype.Float16, 0.9999)]
    [InlineData("clip-rn", ComputeDtype.BFloat16, 0.999)]
    public void Clip(string model, ComputeDtype dtype, double cosine)
    {
        var plan = ComputePlan.For(Gpu.Require(), dtype);
        using var reference = Load(model, ComputePlan.Reference);
        using var encoder = Load(model, plan);
        Assert.Equal(reference.Digest, encoder.Digest);
        var planes = EncoderTests.Noise(encoder.Resolution, Pictures);
        Check(reference.EncodeImages(planes), batch => encoder.EncodeImages([.. batch.Select(i => planes[i])]), cosine);
        Check(reference.EncodeTexts(Texts), batch => encoder.EncodeTexts([.. batch.Select(i => Texts[i])]), cosine);
    }

    [Theory]
    [InlineData(ComputeDtype.Float32, 0.999999)]
    [InlineData(ComputeDtype.Float16, 0.9999)]
    [InlineData(ComputeDtype.BFloat16, 0.999)]
    public void Refiner(ComputeDtype dtype, double cosine)
    {
        var plan = ComputePlan.For(Gpu.Require(), dtype);
        var weights = Path.Combine(Models, "refiner.safetensors");
        using var reference = RefinerEncoder.Load(weights, resolution: 96);
        using var encoder = RefinerEncoder.Load(weights, resolution: 96, plan);
        var planes = EncoderTests.Noise(encoder.Resolution, Pictures);
        Check(reference.Encode(planes), batch => encoder.Encode([.. batch.Select(i => planes[i])]), cosine);
    }

    [Fact]
    public void Plans_take_half_precision_and_graphs_unless_told_otherwise()
    {
        var gpu = Gpu.Require();
        Assert.Equal("float16 aten cuda graphs", ComputePlan.For(gpu).ToString());
        Assert.Equal("float32 aten cuda", ComputePlan.For(gpu, ComputeDtype.Float32, ComputeKernels.Aten).ToString());
    }

    [Fact]
    public void Replayed_and_computed_kernel_by_kernel_is_the_same()
    {
        var gpu = Gpu.Require();
        using var recorded = Load("clip-rn", ComputePlan.For(gpu, ComputeDtype.Float32));
        using var plain = Load("clip-rn", ComputePlan.For(gpu, ComputeDtype.Float32, ComputeKernels.Aten));
        var planes = EncoderTests.Noise(recorded.Resolution, Pictures);
        // Several shapes by turns: their recordings share memory.
        foreach (var count in new[] { 3, 1, 8, 3, 1, 8 })
        {
            var batch = planes.GetRange(planes.Count - count, count);
            Assert.Equal(plain.EncodeImages(batch), recorded.EncodeImages(batch));
            Assert.Equal(plain.EncodeTexts(Texts[..count]), recorded.EncodeTexts(Texts[..count]));
            planes.Reverse();
        }
    }

    /// <summary>All together, then in batches that grow and shrink, backwards: the page-locked memory is used anew each time.</summary>
    private static void Check(float[] expected, Func<IEnumerable<int>, float[]> encode, double cosine)
    {
        var width = expected.Length / Pictures;
        AssertRows(Enumerable.Range(0, Pictures));
        foreach (var batch in Enumerable.Range(0, Pictures).Reverse().Chunk(5)) AssertRows(batch);
        AssertRows([7]);

        void AssertRows(IEnumerable<int> rows)
        {
            var features = encode(rows);
            foreach (var (row, i) in rows.Select((row, i) => (row, i)))
            {
                var actual = TensorPrimitives.CosineSimilarity<float>(features.AsSpan(i * width, width), expected.AsSpan(row * width, width));
                Assert.True(actual >= cosine, $"row {row} of {rows.Count()}: cosine {actual:0.0000000}, at least {cosine} wanted");
            }
        }
    }

    private static ClipEncoder Load(string model, ComputePlan plan) =>
        ClipEncoder.Load(Path.Combine(Models, $"{model}.safetensors"), Path.Combine(Models, "merges.txt"), plan);
}
