using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Robustness;

/// <summary>State dicts of this repository's models under the names that other codes publish them with.</summary>
internal static class PublishedNames
{
    public static Dictionary<string, Tensor> OpenClipCustomText(Dictionary<string, Tensor> openAi) => openAi.ToDictionary(
        s => s.Key.StartsWith("visual.", StringComparison.Ordinal) || s.Key == "logit_scale" ? s.Key : "text." + s.Key, s => s.Value);

    public static Dictionary<string, Tensor> HuggingFaceConvNeXt(Dictionary<string, Tensor> original) =>
        original.ToDictionary(s => Renamed(
            s.Key,
            (@"^downsample_layers\.0\.0", "convnextv2.embeddings.patch_embeddings"),
            (@"^downsample_layers\.0\.1", "convnextv2.embeddings.layernorm"),
            (@"^downsample_layers\.(\d)", "convnextv2.encoder.stages.$1.downsampling_layer"),
            (@"^stages\.(\d)\.(\d)", "convnextv2.encoder.stages.$1.layers.$2"),
            (@"\.norm\.", ".layernorm."),
            ("^norm", "convnextv2.layernorm"),
            ("^head", "classifier"),
            ("grn.gamma", "grn.weight"),
            ("grn.beta", "grn.bias")), s => s.Value);

    /// <summary>timm's names; <paramref name="convolutions"/>: its variant that keeps the MLP as 1x1 convolutions.</summary>
    public static Dictionary<string, Tensor> TimmConvNeXt(Dictionary<string, Tensor> original, bool convolutions) => original.ToDictionary(
        s => Renamed(
            s.Key,
            (@"^downsample_layers\.0", "stem"),
            (@"^downsample_layers\.(\d)", "stages.$1.downsample"),
            (@"^stages\.(\d)\.(\d)", "stages.$1.blocks.$2"),
            ("dwconv", "conv_dw"),
            ("pwconv(1|2)", "mlp.fc$1"),
            ("^norm", "head.norm"),
            (@"^head\.(weight|bias)", "head.fc.$1"),
            ("grn.gamma", "mlp.grn.weight"),
            ("grn.beta", "mlp.grn.bias")),
        s => s.Key.Contains("grn") ? s.Value.flatten()
            : convolutions && Regex.IsMatch(s.Key, @"pwconv\d\.weight") ? s.Value.reshape(s.Value.shape[0], -1, 1, 1)
            : s.Value);

    public static Dictionary<string, Tensor> HuggingFaceClip(Dictionary<string, Tensor> openAi)
    {
        var state = new Dictionary<string, Tensor>
        {
            ["text_model.embeddings.position_ids"] = arange(openAi["positional_embedding"].shape[0]).unsqueeze(0),
        };
        foreach (var (key, value) in openAi)
        {
            var name = Renamed(
                key,
                (@"^visual\.transformer\.resblocks", "vision_model.encoder.layers"),
                (@"^transformer\.resblocks", "text_model.encoder.layers"),
                ("^positional_embedding", "text_model.embeddings.position_embedding.weight"),
                ("^token_embedding", "text_model.embeddings.token_embedding"),
                ("^ln_final", "text_model.final_layer_norm"),
                ("^text_projection", "text_projection.weight"),
                (@"^visual\.proj", "visual_projection.weight"),
                (@"^visual\.class_embedding", "vision_model.embeddings.class_embedding"),
                (@"^visual\.conv1", "vision_model.embeddings.patch_embedding"),
                (@"^visual\.positional_embedding", "vision_model.embeddings.position_embedding.weight"),
                (@"^visual\.ln_pre", "vision_model.pre_layrnorm"),
                (@"^visual\.ln_post", "vision_model.post_layernorm"),
                (@"attn\.out_proj", "self_attn.out_proj"),
                ("ln_(1|2)", "layer_norm$1"),
                ("c_fc", "fc1"),
                ("c_proj", "fc2"));
            if (Regex.Match(name, @"^(.*)attn\.in_proj_(.*)$") is { Success: true } packed)
                foreach (var (letter, part) in "qkv".Zip(value.chunk(3)))
                    state[$"{packed.Groups[1]}self_attn.{letter}_proj.{packed.Groups[2]}"] = part;
            else
                state[name] = name.EndsWith("projection.weight", StringComparison.Ordinal) ? value.t() : value;
        }
        return state;
    }

    private static string Renamed(string key, params (string Pattern, string With)[] rules)
    {
        foreach (var (pattern, with) in rules) key = Regex.Replace(key, pattern, with);
        return key;
    }
}
