using FewShotCluster.Vision.Checkpoints;

namespace FewShotCluster.Vision.Models;

/// <summary>
/// Dimensions of a CLIP model. Read from the weights as <c>build_model</c> of openai/CLIP does, so that RN50 to ViT-L/14@336px,
/// LAION's models and tiny ones load through the same code.
/// </summary>
public sealed record ClipConfig
{
    /// <summary>Size of the joint embedding space.</summary>
    public required int EmbedDim { get; init; }

    /// <summary>Input side in pixels.</summary>
    public required int ImageResolution { get; init; }

    /// <summary>Width of the image tower.</summary>
    public required int VisionWidth { get; init; }

    /// <summary>ViT: patch side in pixels; null for a ResNet.</summary>
    public int? VisionPatchSize { get; init; }

    /// <summary>ViT: one number, its layers; ResNet: blocks of the four stages.</summary>
    public required IReadOnlyList<int> VisionLayers { get; init; }

    /// <summary>Tokens a text may have, start and end included.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Rows of the token embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the text tower.</summary>
    public required int TextWidth { get; init; }

    /// <summary>Layers of the text tower.</summary>
    public required int TextLayers { get; init; }

    /// <summary>Attention heads of the text tower: 64 channels each.</summary>
    public int TextHeads => TextWidth / 64;

    /// <summary>Attention heads of the image tower (the ViT's, or the ResNet's attention pooling): 64 channels each.</summary>
    public int VisionHeads => VisionPatchSize is null ? VisionWidth * 32 / 64 : VisionWidth / 64;

    /// <summary>Infers the dimensions from the shapes in a checkpoint of OpenAI naming.</summary>
    /// <exception cref="CheckpointException">A tensor that decides a dimension is missing, or the shapes make no CLIP model.</exception>
    public static ClipConfig FromWeights(Checkpoint checkpoint)
    {
        var text = checkpoint.Shape("text_projection");
        var isViT = checkpoint.Tensors.ContainsKey("visual.proj");
        var config = (isViT ? ViT(checkpoint) : ResNet(checkpoint)) with
        {
            EmbedDim = (int)text[^1],
            ContextLength = (int)checkpoint.Shape("positional_embedding")[0],
            VocabularySize = (int)checkpoint.Shape("token_embedding.weight")[0],
            TextWidth = (int)checkpoint.Shape("ln_final.weight")[0],
            TextLayers = Blocks(checkpoint, "transformer.resblocks."),
        };
        if (config.TextWidth % 64 != 0 || config.VisionHeads < 1 || config.VisionWidth % (isViT ? 64 : 2) != 0 || config.ImageResolution < 1)
            throw new CheckpointException($"{checkpoint.Path}: widths {config.VisionWidth} and {config.TextWidth} make no CLIP model of 64-channel heads");
        return config;
    }

    private static ClipConfig ViT(Checkpoint checkpoint)
    {
        var conv = Shape4(checkpoint, "visual.conv1.weight");
        var grid = (int)Math.Round(Math.Sqrt(checkpoint.Shape("visual.positional_embedding")[0] - 1));
        return Vision(checked((int)conv[^1] * grid), (int)conv[0], (int)conv[^1], [Blocks(checkpoint, "visual.transformer.resblocks.")]);
    }

    private static ClipConfig ResNet(Checkpoint checkpoint)
    {
        var width = (int)Shape4(checkpoint, "visual.layer1.0.conv1.weight")[0];
        var grid = (int)Math.Round(Math.Sqrt(checkpoint.Shape("visual.attnpool.positional_embedding")[0] - 1));
        return Vision(checked(grid * 32), width, null, [.. Enumerable.Range(1, 4).Select(stage => Blocks(checkpoint, $"visual.layer{stage}."))]);
    }

    private static ClipConfig Vision(int resolution, int width, int? patch, int[] layers) => new()
    {
        ImageResolution = resolution,
        VisionWidth = width,
        VisionPatchSize = patch,
        VisionLayers = layers,
        EmbedDim = 0,
        ContextLength = 0,
        VocabularySize = 0,
        TextWidth = 0,
        TextLayers = 0,
    };

    private static long[] Shape4(Checkpoint checkpoint, string name) => checkpoint.Shape(name) is { Length: 4 } shape
        ? shape
        : throw new CheckpointException($"{checkpoint.Path}: '{name}' is no convolution's weight");

    /// <summary>How many consecutive blocks <c>prefix0. prefix1. ...</c> the checkpoint has.</summary>
    private static int Blocks(Checkpoint checkpoint, string prefix)
    {
        var numbers = checkpoint.Tensors.Keys
            .Where(k => k.StartsWith(prefix, StringComparison.Ordinal))
            .Select(k => k[prefix.Length..].Split('.')[0])
            .Distinct()
            .Count();
        return numbers > 0 ? numbers : throw new CheckpointException($"{checkpoint.Path}: no tensors '{prefix}*'; this is no CLIP model of OpenAI naming");
    }
}
