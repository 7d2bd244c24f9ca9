using FewShotCluster.Vision.Models;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>CLIP's ViT image tower (<see cref="VisionTransformer"/>) on folded and packed weights.</summary>
internal sealed class CompiledVisionTransformer : ICompiledTower
{
    private readonly Kernels kernels;
    private readonly object[] embedding;
    private readonly CompiledAttention attention;
    private readonly object[] head;

    public CompiledVisionTransformer(CompiledWeights weights, ClipConfig config)
    {
        kernels = weights.Plan.Kernels;
        embedding =
        [
            config.VisionPatchSize!.Value, weights.KeepLinear(weights.Take("visual.conv1.weight").flatten(1)),
            weights.Keep(zeros(config.VisionWidth)), weights.Keep("visual.class_embedding"), weights.Keep("visual.positional_embedding"),
            weights.Keep("visual.ln_pre.weight"), weights.Keep("visual.ln_pre.bias"),
        ];
        attention = new CompiledAttention(weights, "visual.transformer.resblocks.", config.VisionHeads, causal: false, config.Activation);
        head =
        [
            1e-5, weights.Keep("visual.ln_post.weight"), weights.Keep("visual.ln_post.bias"),
            weights.KeepLinear(weights.Take("visual.proj").t()), weights.Keep(zeros(config.EmbedDim)),
        ];
    }

    public Tensor Run(Tensor images)
    {
        var tokens = kernels.Run("patch_embedding", [images, .. embedding]);
        var classToken = zeros(images.shape[0], dtype: ScalarType.Int64, device: images.device);
        return kernels.Run("head", [attention.Run(tokens, classToken), .. head]);
    }
}
