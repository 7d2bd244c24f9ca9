using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Checkpoints.Layouts;
using FewShotCluster.Vision.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FewShotCluster.Vision.Models;

/// <summary>
/// CLIP: an image tower and a text tower into one embedding space (Radford et al., ICML 2021; openai/CLIP, clip/model.py).
/// Fields are named as the checkpoint's keys. Differs from the original: batch first, and texts are cut after the longest end
/// token of the batch, which is exact because the text tower is causal.
/// </summary>
public sealed class Clip : Module
{
    // Tensors of OpenAI's archives that are configuration, not weights.
    private static readonly HashSet<string> SizeBuffers = ["input_resolution", "context_length", "vocab_size"];

    private readonly Module<Tensor, Tensor> visual;
    private readonly Transformer transformer;
    private readonly Embedding token_embedding;
    private readonly Parameter positional_embedding;
    private readonly LayerNorm ln_final;
    private readonly Parameter text_projection;
    private readonly Parameter logit_scale;

    /// <summary>A model of the given dimensions with random weights.</summary>
    public Clip(ClipConfig config) : base(nameof(Clip))
    {
        Config = config;
        visual = config.VisionPatchSize is { } patch
            ? new VisionTransformer(
                config.ImageResolution, patch, config.VisionWidth, config.VisionLayers[0], config.VisionHeads, config.EmbedDim, config.Activation)
            : new ModifiedResNet(config.VisionLayers, config.EmbedDim, config.VisionHeads, config.ImageResolution, config.VisionWidth);
        transformer = new Transformer(config.TextWidth, config.TextLayers, config.TextHeads, causal: true, config.Activation);
        token_embedding = Embedding(config.VocabularySize, config.TextWidth);
        positional_embedding = Parameter(0.01 * randn(config.ContextLength, config.TextWidth));
        ln_final = LayerNorm(config.TextWidth);
        text_projection = Parameter(Math.Pow(config.TextWidth, -0.5) * randn(config.TextWidth, config.EmbedDim));
        logit_scale = Parameter(tensor((float)Math.Log(1 / 0.07)));
        RegisterComponents();
    }

    /// <summary>The model's dimensions.</summary>
    public ClipConfig Config { get; }

    /// <summary>Natural logarithm of the factor between cosines and logits; scalar parameter.</summary>
    public Parameter LogitScale => logit_scale;

    /// <inheritdoc cref="Load(Checkpoint, ClipActivation)"/>
    public static Clip Load(Checkpoint checkpoint) => Load(checkpoint, ClipActivation.QuickGelu);

    /// <summary>
    /// Loads a checkpoint of OpenAI, open_clip or Hugging Face naming; dimensions come from the weights, which are widened to float32.
    /// </summary>
    /// <param name="checkpoint">The weights; stays its owner's.</param>
    /// <param name="activation">What the weights were trained with, which only their source can tell; OpenAI's: QuickGELU.</param>
    /// <exception cref="CheckpointException">Not a CLIP checkpoint, misfit keys (listed by name), or a weight not finite.</exception>
    public static Clip Load(Checkpoint checkpoint, ClipActivation activation)
    {
        checkpoint = CheckpointLayout.AsOpenAi(checkpoint);
        var model = new Clip(ClipConfig.FromWeights(checkpoint) with { Activation = activation });
        try
        {
            ModuleWeights.Load(model, checkpoint, SizeBuffers);
            model.eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Image features, not normalised.</summary>
    /// <param name="images">[N, 3, resolution, resolution], normalised pixels.</param>
    /// <returns>[N, embed]</returns>
    public Tensor encode_image(Tensor images) => visual.call(images);

    /// <summary>Text features, not normalised: the state at the end token, which is the largest id of a row.</summary>
    /// <param name="tokens">[N, context] int64, start token first, end token, zeros.</param>
    /// <returns>[N, embed]</returns>
    public Tensor encode_text(Tensor tokens)
    {
        var end = tokens.argmax(-1);                                                  // [N]
        var length = end.max().item<long>() + 1;
        var x = token_embedding.call(tokens.narrow(1, 0, length));                    // [N, L, width]
        x = transformer.call(x.Plus(positional_embedding.narrow(0, 0, length)));
        x = ln_final.call(x);
        var index = end.view(-1, 1, 1).expand(-1, 1, x.shape[2]);
        return x.gather(1, index).squeeze(1).matmul(text_projection);                 // [N, embed]
    }
}
