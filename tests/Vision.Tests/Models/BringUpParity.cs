using System.Globalization;
using System.Text.Json;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Models;

/// <summary>Tiny CLIPs trained by other code (short context, small vocabulary, small inputs): all dimensions come from the weights.</summary>
public class BringUpParity
{
    [Theory]
    [InlineData("vit", 48)]
    [InlineData("rn", 64)]
    public void Text_features_match(string model, int resolution)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(ReferenceData.Shared("demo-bringup", $"clip-{model}.safetensors"));
        using var clip = Clip.Load(checkpoint);
        Assert.Equal((resolution, 24, 768), (clip.Config.ImageResolution, clip.Config.ContextLength, clip.Config.VocabularySize));

        var tokens = Golden.Load(ReferenceData.Shared("demo-bringup", "tokens.npy")).to(ScalarType.Int64);
        var features = nn.functional.normalize(clip.encode_text(tokens), dim: -1);
        Golden.Close(ReferenceData.Shared("demo-bringup", $"{model}.text_features.npy"), features, 1e-4);
    }

    [Theory]
    [InlineData("vit")]
    [InlineData("rn")]
    public void Photos_to_features_match(string model)
    {
        using var scope = NewDisposeScope();
        using var encoder = ClipEncoder.Load(
            ReferenceData.Shared("demo-bringup", $"clip-{model}.safetensors"), ReferenceData.Shared("demo-bringup", "merges.txt"));
        var photos = Rows().Select(r => Decode(r.File)).ToList();
        var features = encoder.EncodeImages([.. photos.Select(encoder.Preprocess)]);
        Golden.Close(ReferenceData.Shared("demo-bringup", $"{model}.image_features.npy"), tensor(features, [photos.Count, encoder.Dimension]), 1e-4);
    }

    [Fact]
    public void Refiner_features_match()
    {
        using var scope = NewDisposeScope();
        using var encoder = RefinerEncoder.Load(ReferenceData.Shared("demo-bringup", "refiner.safetensors"), resolution: 96);
        using var classes = JsonDocument.Parse(File.ReadAllText(ReferenceData.Shared("demo-bringup", "classes.json")));
        var (firstDog, end) = (classes.RootElement.GetProperty("others").GetInt32(), classes.RootElement.GetProperty("seen").GetInt32());
        var dogs = Rows().Where(r => r.Label >= firstDog && r.Label < end).Select(r => encoder.Preprocess(Decode(r.File))).ToList();
        Golden.Close(ReferenceData.Shared("demo-bringup", "refiner.dog_features.npy"), tensor(encoder.Encode(dogs), [dogs.Count, encoder.Dimension]), 1e-3);
    }

    private static IEnumerable<(string File, int Label)> Rows() => File.ReadLines(ReferenceData.Shared("demo-bringup", "labels.csv"))
        .Select(line => line.Split(','))
        .Where(parts => int.TryParse(parts[1], out _))
        .Select(parts => (parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture)));

    private static RgbImage Decode(string file) =>
        ImageDecoder.Decode(File.ReadAllBytes(ReferenceData.Shared("demo-bringup", "photos", Path.GetFileName(file))), ImageLimits.Default);
}
