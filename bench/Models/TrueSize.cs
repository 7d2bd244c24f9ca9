using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Models;

/// <summary>A published architecture at its true size; speed does not depend on what the weights are.</summary>
/// <param name="Name">Of the model.</param>
/// <param name="Workloads">Names of what is measured on it.</param>
/// <param name="Create">The network, not yet with usable weights.</param>
public sealed record TrueSize(string Name, IReadOnlyList<string> Workloads, Func<nn.Module> Create)
{
    internal static readonly ClipConfig ViTB32 = new()
    {
        EmbedDim = 512,
        ImageResolution = 224,
        VisionWidth = 768,
        VisionPatchSize = 32,
        VisionLayers = [12],
        ContextLength = 77,
        VocabularySize = 49408,
        TextWidth = 512,
        TextLayers = 12,
    };

    internal static readonly ClipConfig Rn101 = ViTB32 with { VisionPatchSize = null, VisionWidth = 64, VisionLayers = [3, 4, 23, 3] };

    /// <summary>Those that the product is measured with. The text towers of ViT-B/32 and RN101 have the same size.</summary>
    public static IReadOnlyList<TrueSize> All { get; } =
    [
        new("vit-b-32", ["vit-b-32", "text-full", "text-prompt"], () => new Clip(ViTB32)),
        new("rn101", ["rn101"], () => new Clip(Rn101)),
        new("convnextv2-base", ["convnextv2-base-224", "convnextv2-base-384"],
            () => new ConvNeXtV2([3, 3, 27, 3], [128, 256, 512, 1024], 1000)),
    ];

    /// <summary>The network with random weights.</summary>
    public nn.Module Random(ulong seed)
    {
        var module = Create();
        RandomWeights.Fill(module, seed);
        module.eval();
        return module;
    }

    /// <summary>Which of them a network is; null: another.</summary>
    public static TrueSize? Of(nn.Module module) => module switch
    {
        Clip clip when Same(clip.Config, ViTB32) => All[0],
        Clip clip when Same(clip.Config, Rn101) => All[1],
        ConvNeXtV2 { Depths: [3, 3, 27, 3], Dims: [128, 256, 512, 1024] } => All[2],
        _ => null,
    };

    private static bool Same(ClipConfig one, ClipConfig other) =>
        (one.VisionPatchSize, one.VisionWidth, one.ImageResolution) == (other.VisionPatchSize, other.VisionWidth, other.ImageResolution)
        && (one.TextWidth, one.TextLayers, one.ContextLength) == (other.TextWidth, other.TextLayers, other.ContextLength)
        && one.VisionLayers.SequenceEqual(other.VisionLayers);
}
