using FewShotCluster.Vision.Models;

namespace FewShotCluster.Demo.Training;

/// <summary>Sizes of the demo's three models: small versions of the real architectures, read by the same loaders.</summary>
internal static class ModelShapes
{
    public const int ViTInput = 48;
    public const int ResNetInput = 64;
    public const int RefinerInput = 96;
    public const int ContextLength = 24;

    /// <summary>Patch 8, width 128, 3 layers, 2 heads: 0.64 million parameters, and the text tower's 0.51.</summary>
    public static Clip ViT(int vocabulary) => new(Common(vocabulary) with
    {
        ImageResolution = ViTInput,
        VisionPatchSize = 8,
        VisionWidth = 128,
        VisionLayers = [3],
    });

    /// <summary>One block a stage, width 16: 1.35 million parameters, and the text tower's 0.51.</summary>
    public static Clip ResNet(int vocabulary) => new(Common(vocabulary) with
    {
        ImageResolution = ResNetInput,
        VisionWidth = 16,
        VisionLayers = [1, 1, 1, 1],
    });

    /// <summary>0.60 million parameters; the outputs of the eight attribute heads side by side.</summary>
    public static ConvNeXtV2 Refiner() => new([1, 1, 2, 1], [24, 48, 96, 192], DogAttributes.HeadSizes.Sum());

    private static ClipConfig Common(int vocabulary) => new()
    {
        EmbedDim = 96,
        ImageResolution = 0,
        VisionWidth = 0,
        VisionLayers = [],
        ContextLength = ContextLength,
        VocabularySize = vocabulary,
        TextWidth = 128,
        TextLayers = 2,
    };
}
