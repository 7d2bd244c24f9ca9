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
            .. weights.KeepBoth("visual.ln_pre"),
        ];
        attention = new CompiledAttention(
            weights, "visual.transformer.resblocks.", config.VisionLayers[0], config.VisionHeads, causal: false, config.Activation);
        head =
        [
            1e-5, .. weights.KeepBoth("visual.ln_post"),
            weights.KeepBlockLinear(weights.Take("visual.proj").t()), weights.Keep(zeros(config.EmbedDim)),
        ];
    }

    public Tensor Run(Tensor images)
    {
        var tokens = kernels.Run("patch_embedding", [images, .. embedding]);
        var classToken = zeros(images.shape[0], dtype: ScalarType.Int64, device: images.device);
        return kernels.Run("head", [attention.Run(tokens, classToken), .. head]);
    }
}
