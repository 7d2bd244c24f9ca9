using System.Text.RegularExpressions;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Tests.Checkpoints;

/// <summary>A random model, written under another code's names and read back, computes the same.</summary>
public sealed class LayoutTests : IDisposable
{
    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("fewshot-layout-").FullName, "w.safetensors");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    [Fact]
    public void Hugging_face_clip() => ClipRoundTrip(HuggingFace);

    [Fact]
    public void Open_clip_custom_text() => ClipRoundTrip(state => state.ToDictionary(
        s => s.Key.StartsWith("visual.", StringComparison.Ordinal) || s.Key == "logit_scale" ? s.Key : "text." + s.Key, s => s.Value));

    [Fact]
    public void Hugging_face_convnext() => ConvNeXtRoundTrip(state => state.ToDictionary(s => Renamed(
        s.Key,
        (@"^downsample_layers\.0\.0", "convnextv2.embeddings.patch_embeddings"),
        (@"^downsample_layers\.0\.1", "convnextv2.embeddings.layernorm"),
        (@"^downsample_layers\.(\d)", "convnextv2.encoder.stages.$1.downsampling_layer"),
        (@"^stages\.(\d)\.(\d)", "convnextv2.encoder.stages.$1.layers.$2"),
        (@"\.norm\.", ".layernorm."),
        ("^norm", "convnextv2.layernorm"),
        ("^head", "classifier"),
        ("grn.gamma", "grn.weight"),
        ("grn.beta", "grn.bias")), s => s.Value));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Timm_convnext(bool convolutions) => ConvNeXtRoundTrip(state => state.ToDictionary(
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
            : s.Value));

    [Fact]
    public void A_missing_key_is_named_as_the_file_would_have_it()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        var state = HuggingFace(model.state_dict());
        state.Remove("text_model.encoder.layers.0.self_attn.k_proj.bias");
        SafetensorsWriter.Write(path, state);
        using var checkpoint = Checkpoint.Open(path);
        var error = Assert.Throws<CheckpointException>(() => Clip.Load(checkpoint));
        Assert.Contains("text_model.encoder.layers.0.self_attn.k_proj.bias", error.Message);
    }

    [Fact]
    public void An_unknown_key_is_refused_by_name()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        var state = HuggingFace(model.state_dict());
        state["text_model.encoder.layers.0.adapter.weight"] = ones(2);
        SafetensorsWriter.Write(path, state);
        using var checkpoint = Checkpoint.Open(path);
        var error = Assert.Throws<CheckpointException>(() => Clip.Load(checkpoint));
        Assert.Contains("unexpected: text_model.encoder.layers.0.adapter.weight", error.Message);
    }

    private void ClipRoundTrip(Func<Dictionary<string, Tensor>, Dictionary<string, Tensor>> rename)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        SafetensorsWriter.Write(path, rename(model.state_dict()));
        using var checkpoint = Checkpoint.Open(path);
        using var loaded = Clip.Load(checkpoint);
        Golden.Close(TinyClip.Image(model), TinyClip.Image(loaded), 0, 0);
        Golden.Close(TinyClip.Text(model), TinyClip.Text(loaded), 0, 0);
    }

    private void ConvNeXtRoundTrip(Func<Dictionary<string, Tensor>, Dictionary<string, Tensor>> rename)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        using var model = new ConvNeXtV2([1, 2, 1, 1], [8, 12, 16, 20], 3);
        foreach (var (name, value) in model.state_dict())
            if (name.Contains("grn")) value.copy_(randn(value.shape)); // starts at zero, where a mix-up would not show
        SafetensorsWriter.Write(path, rename(model.state_dict()));
        using var checkpoint = Checkpoint.Open(path);
        using var loaded = ConvNeXtV2.Load(checkpoint);
        var x = randn(1, 3, 40, 48);
        Golden.Close(model.call(x), loaded.call(x), 0, 0);
    }

    private static Dictionary<string, Tensor> HuggingFace(Dictionary<string, Tensor> openAi)
    {
        var state = new Dictionary<string, Tensor>
        {
            ["text_model.embeddings.position_ids"] = arange(TinyClip.Config.ContextLength).unsqueeze(0),
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
