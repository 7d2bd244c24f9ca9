using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FewShotCluster.Vision.Models;

/// <summary>A stack of residual attention blocks (openai/CLIP, clip/model.py, Transformer).</summary>
internal sealed class Transformer : Module<Tensor, Tensor>
{
    private readonly ModuleList<ResidualAttentionBlock> resblocks;

    public Transformer(long width, int layers, long heads, bool causal, ClipActivation activation) : base(nameof(Transformer))
    {
        resblocks = ModuleList(Enumerable.Range(0, layers).Select(_ => new ResidualAttentionBlock(width, heads, causal, activation)).ToArray());
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => resblocks.Aggregate(x, (h, block) => block.call(h)); // [N, L, width]
}
