using System.Text.Json;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Models;

/// <summary>CLIP and ConvNeXt-V2 against the original code's outputs, from every published layout of the weights.</summary>
public class ClipParity
{
    [Theory]
    [InlineData("clip-vit-tiny", "clip-vit-tiny.pt")]
    [InlineData("clip-rn-tiny", "clip-rn-tiny.pt")]
    [InlineData("clip-vit-mini", "clip-vit-mini.pt")]
    [InlineData("clip-vit-mini", "clip-vit-mini.open_clip.safetensors")]
    [InlineData("clip-vit-mini", "clip-vit-mini.hf.safetensors")]
    public void Features_and_logits_match(string golden, string file) => Match(golden, ReferenceData.Reference("models", file));

    [Fact]
    public void Features_and_logits_match_from_open_clip_custom_text()
    {
        // There is no such file among the goldens: the manifest's names for the open_clip file's tensors.
        using var manifest = JsonDocument.Parse(File.ReadAllText(ReferenceData.Reference("models", "manifest.json")));
        var names = manifest.RootElement.GetProperty("clip-vit-mini.open_clip_custom_text");
        var folder = Directory.CreateTempSubdirectory("fewshot-custom-text-").FullName;
        try
        {
            var path = Path.Combine(folder, "w.safetensors");
            using (var scope = NewDisposeScope())
            using (var source = Checkpoint.Open(ReferenceData.Reference("models", "clip-vit-mini.open_clip.safetensors")))
                SafetensorsWriter.Write(path, source.Tensors.Keys.ToDictionary(k => names.GetProperty(k).GetString()!, source.Read));
            Match("clip-vit-mini", path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Match(string golden, string path)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(path);
        using var clip = Clip.Load(checkpoint);
        string At(string name) => ReferenceData.Reference("models", golden, name);

        var image = clip.encode_image(Golden.Load(At("images.npy")));
        var text = clip.encode_text(Golden.Load(At("tokens.npy")));
        Golden.Close(At("image_features.npy"), image, 1e-4 * MaxAbs(golden, "image_features"));
        Golden.Close(At("text_features.npy"), text, 1e-4 * MaxAbs(golden, "text_features"));

        var imageUnit = nn.functional.normalize(image, dim: -1);
        var textUnit = nn.functional.normalize(text, dim: -1);
        Golden.Close(At("image_features_l2.npy"), imageUnit, 2e-5);
        Golden.Close(At("text_features_l2.npy"), textUnit, 5e-6);
        Golden.Close(At("logits_per_image.npy"), clip.LogitScale.exp() * imageUnit.matmul(textUnit.t()), 1e-3);
    }

    public static MatrixTheoryData<string, string> ConvNeXtCases => new(
        ["64", "96", "75x100"],
        [".pt", ".legacy.pt", ".hf.safetensors", ".timm.safetensors", ".timm-convmlp.safetensors"]);

    [Theory]
    [MemberData(nameof(ConvNeXtCases))]
    public void ConvNeXt_logits_and_pooled_features_match(string size, string layout)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(ReferenceData.Reference("models", "convnextv2-tiny" + layout));
        using var model = ConvNeXtV2.Load(checkpoint);
        var images = Golden.Load(ReferenceData.Reference("models", "convnextv2-tiny", $"images-{size}.npy"));
        Golden.Close(ReferenceData.Reference("models", "convnextv2-tiny", $"pooled-{size}.npy"), model.forward_features(images), 2e-5);
        Golden.Close(ReferenceData.Reference("models", "convnextv2-tiny", $"logits-{size}.npy"), model.call(images), 2e-5);
    }

    private static double MaxAbs(string model, string output)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(ReferenceData.Reference("models", "manifest.json")));
        return manifest.RootElement.GetProperty(model).GetProperty("outputs").GetProperty(output).GetProperty("max_abs").GetDouble();
    }
}
