using FewShotCluster.Bench.Robustness;
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
    public void Hugging_face_clip() => ClipRoundTrip(PublishedNames.HuggingFaceClip);

    [Fact]
    public void Open_clip_custom_text() => ClipRoundTrip(PublishedNames.OpenClipCustomText);

    [Fact]
    public void Hugging_face_convnext() => ConvNeXtRoundTrip(PublishedNames.HuggingFaceConvNeXt);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Timm_convnext(bool convolutions) => ConvNeXtRoundTrip(state => PublishedNames.TimmConvNeXt(state, convolutions));

    [Fact]
    public void A_missing_key_is_named_as_the_file_would_have_it()
    {
        using var scope = NewDisposeScope();
        using var model = TinyClip.Random();
        var state = PublishedNames.HuggingFaceClip(model.state_dict());
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
        var state = PublishedNames.HuggingFaceClip(model.state_dict());
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
}
