using System.Text.Json.Serialization;
using FewShotCluster.Vision.Checkpoints;

namespace FewShotCluster.Vision.Models;

/// <summary>What is between the two linear layers of a transformer block; weights do not tell what they were trained with.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ClipActivation>))]
public enum ClipActivation
{
    /// <summary>x sigmoid(1.702 x): OpenAI's weights, also by way of Hugging Face, and open_clip's <c>-quickgelu</c> models.</summary>
    [JsonStringEnumMemberName("quickGelu")]
    QuickGelu,

    /// <summary>Exact GELU (erf): open_clip's and LAION's models otherwise.</summary>
    [JsonStringEnumMemberName("gelu")]
    Gelu,
}

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

    /// <summary>Activation of both towers' transformer blocks.</summary>
    public ClipActivation Activation { get; init; } = ClipActivation.QuickGelu;

    /// <summary>Attention heads of the text tower: 64 channels each.</summary>
    public int TextHeads => TextWidth / 64;

    /// <summary>Attention heads of the image tower (the ViT's, or the ResNet's attention pooling): 64 channels each.</summary>
    public int VisionHeads => VisionPatchSize is null ? VisionWidth * 32 / 64 : VisionWidth / 64;

    /// <summary>Infers the dimensions from the shapes in a checkpoint of OpenAI naming.</summary>
    /// <exception cref="CheckpointException">A tensor that decides a dimension is missing, or the shapes make no CLIP model.</exception>
    public static ClipConfig FromWeights(Checkpoint checkpoint)
    {
        var text = checkpoint.Shape("text_projection", 2);
        var isViT = checkpoint.Tensors.ContainsKey("visual.proj");
        var config = (isViT ? ViT(checkpoint) : ResNet(checkpoint)) with
        {
            EmbedDim = (int)text[1],
            ContextLength = (int)checkpoint.Shape("positional_embedding", 2)[0],
            VocabularySize = (int)checkpoint.Shape("token_embedding.weight", 2)[0],
            TextWidth = (int)checkpoint.Shape("ln_final.weight", 1)[0],
            TextLayers = Blocks(checkpoint, "transformer.resblocks."),
        };
        if (config.TextWidth % 64 != 0 || config.VisionHeads < 1 || config.VisionWidth % (isViT ? 64 : 2) != 0
            || config.ImageResolution < 1)
            throw new CheckpointException(
                $"{checkpoint.Path}: widths {config.VisionWidth} and {config.TextWidth} make no CLIP model of 64-channel heads");
        // open_clip's ViT-H, -g, -bigG and -e: shapes alone would give them a wrong number of heads and wrong features in silence.
        if (isViT && config.VisionWidth is (1280 or 1408 or 1664 or 1792))
            throw new CheckpointException(
                $"{checkpoint.Path}: image towers of width {config.VisionWidth} have heads of other than 64 channels; not supported");
        config.ExpectMatrices(checkpoint);
        return config;
    }

    private static ClipConfig ViT(Checkpoint checkpoint)
    {
        var conv = checkpoint.Shape("visual.conv1.weight", 4);
        var grid = Grid(checkpoint, "visual.positional_embedding");
        return Vision(checked((int)conv[^1] * grid), (int)conv[0], (int)conv[^1], [Blocks(checkpoint, "visual.transformer.resblocks.")]);
    }

    private static ClipConfig ResNet(Checkpoint checkpoint)
    {
        var width = (int)checkpoint.Shape("visual.layer1.0.conv1.weight", 4)[0];
        var grid = Grid(checkpoint, "visual.attnpool.positional_embedding");
        var layers = Enumerable.Range(1, 4).Select(stage => Blocks(checkpoint, $"visual.layer{stage}."));
        return Vision(checked(grid * 32), width, null, [.. layers]);
    }

    // Side of the square of positions after the class token.
    private static int Grid(Checkpoint checkpoint, string name) => (int)Math.Round(Math.Sqrt(checkpoint.Shape(name, 2)[0] - 1));

    /// <summary>Every large matrix before any is allocated: a few small tensors of a wrong file could ask for a gigantic model.</summary>
    private void ExpectMatrices(Checkpoint checkpoint)
    {
        checkpoint.Expect("text_projection", TextWidth, EmbedDim);
        checkpoint.Expect("positional_embedding", ContextLength, TextWidth);
        checkpoint.Expect("token_embedding.weight", VocabularySize, TextWidth);
        ExpectBlocks(checkpoint, "transformer.resblocks.", TextWidth, TextLayers);
        if (VisionPatchSize is { } patch)
        {
            checkpoint.Expect("visual.proj", VisionWidth, EmbedDim);
            checkpoint.Expect("visual.conv1.weight", VisionWidth, 3, patch, patch);
            ExpectBlocks(checkpoint, "visual.transformer.resblocks.", VisionWidth, VisionLayers[0]);
            return;
        }
        var pooled = 32L * VisionWidth;
        foreach (var name in new[] { "q_proj", "k_proj", "v_proj" }) checkpoint.Expect($"visual.attnpool.{name}.weight", pooled, pooled);
        checkpoint.Expect("visual.attnpool.c_proj.weight", EmbedDim, pooled);
        for (var stage = 0; stage < 4; stage++)
        {
            var planes = (long)VisionWidth << stage;
            for (var block = 0; block < VisionLayers[stage]; block++)
                checkpoint.Expect($"visual.layer{stage + 1}.{block}.conv2.weight", planes, planes, 3, 3);
        }
    }

    private static void ExpectBlocks(Checkpoint checkpoint, string prefix, long width, int layers)
    {
        for (var block = 0; block < layers; block++)
        {
            checkpoint.Expect($"{prefix}{block}.attn.in_proj_weight", 3 * width, width);
            checkpoint.Expect($"{prefix}{block}.attn.out_proj.weight", width, width);
            checkpoint.Expect($"{prefix}{block}.mlp.c_fc.weight", 4 * width, width);
            checkpoint.Expect($"{prefix}{block}.mlp.c_proj.weight", width, 4 * width);
        }
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

    /// <summary>How many consecutive blocks <c>prefix0. prefix1. ...</c> the checkpoint has.</summary>
    private static int Blocks(Checkpoint checkpoint, string prefix)
    {
        var numbers = checkpoint.Tensors.Keys
            .Where(k => k.StartsWith(prefix, StringComparison.Ordinal))
            .Select(k => k[prefix.Length..].Split('.')[0])
            .Distinct()
            .Count();
        return numbers > 0
            ? numbers
            : throw new CheckpointException($"{checkpoint.Path}: no tensors '{prefix}*'; this is no CLIP model of OpenAI naming");
    }
}
