using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Numerics;
using TorchSharp;

namespace FewShotCluster.Vision.Tests.Encoders;

/// <summary>Encoders over the demo's weights, which every clone has.</summary>
public class EncoderTests
{
    private static readonly string Models = Path.Combine(ReferenceData.RepositoryRoot, "models", "demo");

    [Theory]
    [InlineData("clip-vit")]
    [InlineData("clip-rn")]
    public void Features_do_not_depend_on_the_batch(string model)
    {
        using var encoder = Clip(model);
        var planes = Noise(encoder.Resolution, 5);
        AssertRowsEqual(encoder.EncodeImages(planes), [.. planes.SelectMany(p => encoder.EncodeImages([p]))]);

        string[] texts = ["a photo of a red car.", "", "striped purple tractor"];
        var rows = encoder.EncodeTexts(texts);
        AssertRowsEqual(rows, [.. texts.SelectMany(t => encoder.EncodeTexts([t]))]);
        foreach (var row in rows.Chunk(encoder.Dimension)) Assert.Equal(1, row.Sum(v => v * v), 1e-4);
    }

    [Fact]
    public void The_refiner_splits_large_batches()
    {
        using var encoder = RefinerEncoder.Load(Path.Combine(Models, "refiner.safetensors"), resolution: 96);
        var planes = Noise(encoder.Resolution, 19);
        AssertRowsEqual(encoder.Encode(planes), [.. planes.SelectMany(p => encoder.Encode([p]))]);
    }

    [Fact]
    public void Encoding_leaves_no_tensors_behind()
    {
        using var encoder = Clip("clip-rn");
        using var refiner = RefinerEncoder.Load(Path.Combine(Models, "refiner.safetensors"), resolution: 96);
        void EncodeAll()
        {
            encoder.EncodeImages(Noise(encoder.Resolution, 2));
            encoder.EncodeTexts(["a", "b"]);
            refiner.Encode(Noise(refiner.Resolution, 2));
        }
        EncodeAll();
        // Of this thread alone: other tests run beside it.
        var tensors = DisposeScopeManager.Statistics.TensorStatistics;
        var before = tensors.ThreadTotalLiveCount;
        for (var i = 0; i < 10; i++) EncodeAll();
        Assert.Equal(before, tensors.ThreadTotalLiveCount);
    }

    [Fact]
    public void Pixels_of_another_size_are_refused()
    {
        using var encoder = Clip("clip-vit");
        Assert.Throws<ArgumentException>(() => encoder.EncodeImages([new byte[7]]));
    }

    [Fact]
    public void A_manifest_protects_its_weights()
    {
        var manifest = ModelManifest.Load(Models);
        var model = manifest.Models[0];
        Assert.Equal(model.Sha256, manifest.VerifyWeights(model));
        Assert.Throws<CheckpointException>(() => manifest.VerifyWeights(model with { Sha256 = new string('0', 64) }));
        Assert.Throws<CheckpointException>(() => manifest.Resolve("../../README.md"));
        Assert.Throws<CheckpointException>(() => ModelManifest.Load(Path.Combine(Models, "nowhere")));
    }

    private static ClipEncoder Clip(string model) => ClipEncoder.Load(Path.Combine(Models, $"{model}.safetensors"), Path.Combine(Models, "merges.txt"));

    /// <summary>Preprocessed pictures of noise.</summary>
    internal static List<byte[]> Noise(int side, int count)
    {
        var random = new SplitMix64(7);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 3 * side * side).Select(_ => (byte)random.Below(256)).ToArray())];
    }

    private static void AssertRowsEqual(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.InRange(expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max(), 0, 1e-5f);
    }
}
