using FewShotCluster.Bench.Models;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Robustness;

/// <summary>Tiny models with repeatable weights in every layout and format that is read.</summary>
internal static class SeedCheckpoints
{
    private static readonly ClipConfig ViT = new()
    {
        EmbedDim = 6,
        ImageResolution = 32,
        VisionWidth = 64,
        VisionPatchSize = 16,
        VisionLayers = [1],
        ContextLength = 8,
        VocabularySize = 20,
        TextWidth = 64,
        TextLayers = 1,
    };

    public static IEnumerable<FuzzSeed> Create()
    {
        using var scope = NewDisposeScope();
        // A collected network takes its weights with it.
        using var vitNetwork = new Clip(ViT);
        using var resNetNetwork = new Clip(ViT with { VisionPatchSize = null, VisionWidth = 4, VisionLayers = [1, 1, 1, 1] });
        using var convNeXtNetwork = new ConvNeXtV2([1, 1, 1, 1], [8, 12, 16, 20], 3);
        var (vit, resNet, convNeXt) = (State(vitNetwork), State(resNetNetwork), State(convNeXtNetwork));
        return
        [
            .. All("openai-vit", FuzzKind.Clip, vit),
            .. All("openai-resnet", FuzzKind.Clip, resNet),
            .. All("hugging-face-clip", FuzzKind.Clip, PublishedNames.HuggingFaceClip(vit)),
            .. All("open-clip-text", FuzzKind.Clip, PublishedNames.OpenClipCustomText(vit)),
            .. All("facebookresearch", FuzzKind.ConvNeXt, convNeXt),
            .. All("hugging-face-convnext", FuzzKind.ConvNeXt, PublishedNames.HuggingFaceConvNeXt(convNeXt)),
            .. All("timm", FuzzKind.ConvNeXt, PublishedNames.TimmConvNeXt(convNeXt, convolutions: false)),
            .. All("timm-convmlp", FuzzKind.ConvNeXt, PublishedNames.TimmConvNeXt(convNeXt, convolutions: true)),
        ];
    }

    private static Dictionary<string, Tensor> State(nn.Module module)
    {
        RandomWeights.Fill(module, seed: 1);
        return module.state_dict();
    }

    private static IEnumerable<FuzzSeed> All(string layout, FuzzKind kind, Dictionary<string, Tensor> state)
    {
        var values = state.Where(s => s.Value.is_floating_point()).ToDictionary(
            s => s.Key, s => (s.Value.detach().contiguous().data<float>().ToArray(), s.Value.shape.Select(n => (int)n).ToArray()));
        yield return new($"{layout}.safetensors", kind, Written(path => SafetensorsWriter.Write(path, state)));
        yield return new($"{layout}.f16.safetensors", kind, Written(path => SafetensorsWriter.Write(path, state, ScalarType.Float16)));
        yield return new($"{layout}.zip.pt", kind, Written(path => TorchFiles.WriteZip(path, values)));
        yield return new($"{layout}.stream.pt", kind, Written(path => TorchFiles.WriteStream(path, values)));
    }

    private static byte[] Written(Action<string> write)
    {
        var folder = Directory.CreateTempSubdirectory("fewshot-seed-").FullName;
        try
        {
            var path = Path.Combine(folder, "seed");
            write(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
