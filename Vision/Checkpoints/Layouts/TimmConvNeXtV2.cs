using System.Text.RegularExpressions;

namespace FewShotCluster.Vision.Checkpoints.Layouts;

/// <summary>
/// timm's ConvNeXt with GRN (timm/models/convnext.py, <c>checkpoint_filter_fn</c> backwards). GRN is one-dimensional there; variants
/// with <c>conv_mlp</c> keep the MLP as 1x1 convolutions, [out, in, 1, 1].
/// </summary>
internal static partial class TimmConvNeXtV2
{
    public static bool Matches(Checkpoint checkpoint) => checkpoint.Tensors.ContainsKey("stages.0.blocks.0.conv_dw.weight");

    public static Checkpoint Present(Checkpoint checkpoint)
    {
        var view = new RemappedCheckpoint.Builder(checkpoint);
        foreach (var key in checkpoint.Tensors.Keys)
        {
            var (name, shape) = (Name(key), checkpoint.Shape(key));
            if (name.Contains(".grn.") && shape is [var channels]) view.Reshape(key, name, 1, 1, 1, channels);
            else if (name.EndsWith(".weight", StringComparison.Ordinal) && name.Contains(".pwconv") && shape is [var to, var from, 1, 1])
                view.Reshape(key, name, to, from);
            else view.Rename(key, name);
        }
        return view.Build();
    }

    private static string Name(string key)
    {
        var name = key
            .Replace("head.norm.", "norm.")
            .Replace("head.fc.", "head.")
            .Replace(".conv_dw.", ".dwconv.")
            .Replace(".mlp.fc1.", ".pwconv1.")
            .Replace(".mlp.fc2.", ".pwconv2.")
            .Replace(".mlp.grn.weight", ".grn.gamma")
            .Replace(".mlp.grn.bias", ".grn.beta");
        name = Stem().Replace(name, "downsample_layers.0.");
        name = Downsampling().Replace(name, "downsample_layers.$1.");
        return Block().Replace(name, "stages.$1.$2.");
    }

    [GeneratedRegex(@"^stem\.")]
    private static partial Regex Stem();

    [GeneratedRegex(@"^stages\.(\d+)\.downsample\.")]
    private static partial Regex Downsampling();

    [GeneratedRegex(@"^stages\.(\d+)\.blocks\.(\d+)\.")]
    private static partial Regex Block();
}
