using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
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
}
