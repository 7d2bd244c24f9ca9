using System.Text.RegularExpressions;

namespace FewShotCluster.Vision.Checkpoints.Layouts;

/// <summary>Hugging Face's ConvNextV2ForImageClassification (transformers, convert_convnextv2_to_pytorch.py, backwards).</summary>
internal static partial class HuggingFaceConvNeXtV2
{
    public static bool Matches(Checkpoint checkpoint) => checkpoint.Tensors.ContainsKey("convnextv2.embeddings.patch_embeddings.weight");

    public static Checkpoint Present(Checkpoint checkpoint)
    {
        var view = new RemappedCheckpoint.Builder(checkpoint);
        foreach (var key in checkpoint.Tensors.Keys) view.Rename(key, Name(key));
        return view.Build();
    }

    private static string Name(string key)
    {
        var name = key
            .Replace("convnextv2.embeddings.patch_embeddings.", "downsample_layers.0.0.")
            .Replace("convnextv2.embeddings.layernorm.", "downsample_layers.0.1.")
            .Replace("convnextv2.layernorm.", "norm.")
            .Replace("classifier.", "head.")
            .Replace(".grn.weight", ".grn.gamma")
            .Replace(".grn.bias", ".grn.beta")
            .Replace(".layernorm.", ".norm.");
        name = Downsampling().Replace(name, "downsample_layers.$1.");
        return Layer().Replace(name, "stages.$1.$2.");
    }

    [GeneratedRegex(@"^convnextv2\.encoder\.stages\.(\d+)\.downsampling_layer\.")]
    private static partial Regex Downsampling();

    [GeneratedRegex(@"^convnextv2\.encoder\.stages\.(\d+)\.layers\.(\d+)\.")]
    private static partial Regex Layer();
}
