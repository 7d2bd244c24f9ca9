using FewShotCluster.Vision.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FewShotCluster.Vision.Models;

/// <summary>CLIP's ViT image tower (openai/CLIP, clip/model.py, VisionTransformer).</summary>
internal sealed class VisionTransformer : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly Parameter class_embedding;
    private readonly Parameter positional_embedding;
    private readonly LayerNorm ln_pre;
    private readonly Transformer transformer;
    private readonly LayerNorm ln_post;
    private readonly Parameter proj;

    public VisionTransformer(long resolution, long patch, long width, int layers, long heads, long embed, ClipActivation activation)
        : base(nameof(VisionTransformer))
    {
        var scale = Math.Pow(width, -0.5);
        var tokens = resolution / patch * (resolution / patch) + 1;
        conv1 = new Conv2d(3, width, patch, stride: patch, bias: false);
        class_embedding = Parameter(scale * randn(width));
        positional_embedding = Parameter(scale * randn(tokens, width));
        ln_pre = LayerNorm(width);
        transformer = new Transformer(width, layers, heads, causal: false, activation);
        ln_post = LayerNorm(width);
        proj = Parameter(scale * randn(width, embed));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [N, 3, H, W]
    {
        x = conv1.call(x);                                                  // [N, width, grid, grid]
        x = x.flatten(2).transpose(1, 2);                                   // [N, grid * grid, width]
        var cls = class_embedding.expand(x.shape[0], 1, x.shape[2]);
        x = cat([cls, x], 1).Plus(positional_embedding);                       // [N, grid * grid + 1, width]
        x = transformer.call(ln_pre.call(x));
        return ln_post.call(x.select(1, 0)).matmul(proj);                   // [N, embed]
    }
}
