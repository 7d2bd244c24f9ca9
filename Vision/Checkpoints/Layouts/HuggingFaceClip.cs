using System.Text.RegularExpressions;

namespace FewShotCluster.Vision.Checkpoints.Layouts;

/// <summary>
/// Hugging Face's CLIPModel (transformers, convert_clip_original_pytorch_to_hf.py, backwards): query, key and value are apart, the
/// projections are Linear weights, and the towers' blocks and norms have other names.
/// </summary>
internal static partial class HuggingFaceClip
{
    private static readonly Dictionary<string, string> Names = new()
    {
        ["text_model.embeddings.position_embedding.weight"] = "positional_embedding",
        ["text_model.embeddings.token_embedding.weight"] = "token_embedding.weight",
        ["text_model.final_layer_norm.weight"] = "ln_final.weight",
        ["text_model.final_layer_norm.bias"] = "ln_final.bias",
        ["vision_model.embeddings.class_embedding"] = "visual.class_embedding",
        ["vision_model.embeddings.patch_embedding.weight"] = "visual.conv1.weight",
        ["vision_model.embeddings.position_embedding.weight"] = "visual.positional_embedding",
        ["vision_model.pre_layrnorm.weight"] = "visual.ln_pre.weight", // spelt so
        ["vision_model.pre_layrnorm.bias"] = "visual.ln_pre.bias",
        ["vision_model.post_layernorm.weight"] = "visual.ln_post.weight",
        ["vision_model.post_layernorm.bias"] = "visual.ln_post.bias",
    };

    private static readonly Dictionary<string, string> BlockNames = new()
    {
        ["self_attn.out_proj"] = "attn.out_proj",
        ["layer_norm1"] = "ln_1",
        ["layer_norm2"] = "ln_2",
        ["mlp.fc1"] = "mlp.c_fc",
        ["mlp.fc2"] = "mlp.c_proj",
    };

    public static bool Matches(Checkpoint checkpoint) => checkpoint.Tensors.ContainsKey("text_model.embeddings.token_embedding.weight");

    public static Checkpoint Present(Checkpoint checkpoint)
    {
        var view = new RemappedCheckpoint.Builder(checkpoint);
        foreach (var key in checkpoint.Tensors.Keys)
        {
            if (key.EndsWith(".position_ids", StringComparison.Ordinal)) continue; // 0, 1, 2, ...
            if (key == "text_projection.weight") view.Transpose(key, "text_projection");
            else if (key == "visual_projection.weight") view.Transpose(key, "visual.proj");
            else if (BlockKey().Match(key) is { Success: true } block) Block(view, key, block);
            else view.Rename(key, Names.GetValueOrDefault(key, key));
        }
        return view.Build();
    }

    private static void Block(RemappedCheckpoint.Builder view, string key, Match block)
    {
        var (module, kind) = (block.Groups["module"].Value, block.Groups["kind"].Value);
        var to = $"{(block.Groups["tower"].Value == "vision" ? "visual." : "")}transformer.resblocks.{block.Groups["number"].Value}.";
        if (BlockNames.TryGetValue(module, out var name)) view.Rename(key, $"{to}{name}.{kind}");
        else if (module is "self_attn.q_proj") // stands for all three: a checkpoint without it misses in_proj
            view.Concatenate([key, key.Replace(".q_proj.", ".k_proj."), key.Replace(".q_proj.", ".v_proj.")], $"{to}attn.in_proj_{kind}");
        else if (module is not ("self_attn.k_proj" or "self_attn.v_proj")) view.Rename(key, key);
    }

    [GeneratedRegex(@"^(?<tower>text|vision)_model\.encoder\.layers\.(?<number>\d+)\.(?<module>.+)\.(?<kind>weight|bias)$")]
    private static partial Regex BlockKey();
}
