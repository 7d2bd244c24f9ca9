using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>
/// CLIP's text tower on folded and packed weights. Positions after the end tokens may be left out, which causality makes exact.
/// </summary>
internal sealed class CompiledTextTransformer
{
    private readonly Kernels kernels;
    private readonly object[] embedding;
    private readonly CompiledAttention attention;
    private readonly object[] head;

    public CompiledTextTransformer(CompiledWeights weights, ClipConfig config)
    {
        kernels = weights.Plan.Kernels;
        embedding = [weights.Keep("token_embedding.weight"), weights.Keep("positional_embedding")];
        attention = new CompiledAttention(weights, "transformer.resblocks.", config.TextLayers, config.TextHeads, causal: true, config.Activation);
        head =
        [
            1e-5, .. weights.KeepBoth("ln_final"),
            weights.KeepBlockLinear(weights.Take("text_projection").t()), weights.Keep(zeros(config.EmbedDim)),
        ];
    }

    /// <param name="tokens">[N, L] int64 on the plan's device; the end token is the largest id of a row.</param>
    /// <returns>[N, embed]</returns>
    public Tensor Run(Tensor tokens)
    {
        var end = tokens.argmax(-1);                                                 // [N]
        var x = kernels.Run("token_embedding", [tokens, .. embedding]);
        return kernels.Run("head", [attention.Run(x, end), .. head]);
    }
}
