using FewShotCluster.Vision.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Vision.Models;

/// <summary>
/// Pre-norm transformer block of both CLIP towers (openai/CLIP, clip/model.py, ResidualAttentionBlock). Batch first, where the
/// original is sequence first.
/// </summary>
internal sealed class ResidualAttentionBlock : Module<Tensor, Tensor>
{
    private readonly SelfAttention attn;
    private readonly LayerNorm ln_1;
    private readonly Sequential mlp;
    private readonly LayerNorm ln_2;

    public ResidualAttentionBlock(long width, long heads, bool causal, ClipActivation activation) : base(nameof(ResidualAttentionBlock))
    {
        attn = new SelfAttention(width, heads, causal);
        ln_1 = LayerNorm(width);
        mlp = Sequential(("c_fc", new Linear(width, width * 4)), ("gelu", activation == ClipActivation.QuickGelu ? new QuickGelu() : GELU()), ("c_proj", new Linear(width * 4, width)));
        ln_2 = LayerNorm(width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [N, L, width]
    {
        // A block's intermediates go with its scope: a whole forward's would be gigabytes.
        using var scope = NewDisposeScope();
        x = x.Plus(attn.call(ln_1.call(x)));
        return x.Plus(mlp.call(ln_2.call(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>Multi-head self-attention with packed input projections, parameters named as torch's MultiheadAttention.</summary>
internal sealed class SelfAttention : Module<Tensor, Tensor>
{
    private readonly Parameter in_proj_weight;
    private readonly Parameter in_proj_bias;
    private readonly Linear out_proj;
    private readonly long heads;
    private readonly bool causal;

    public SelfAttention(long width, long heads, bool causal) : base(nameof(SelfAttention))
    {
        in_proj_weight = Parameter(empty(3 * width, width));
        init.xavier_uniform_(in_proj_weight);
        in_proj_bias = Parameter(zeros(3 * width));
        out_proj = new Linear(width, width);
        this.heads = heads;
        this.causal = causal;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        var (n, length, width) = (x.shape[0], x.shape[1], x.shape[2]);
        var qkv = F.linear(x, in_proj_weight, in_proj_bias)
            .view(n, length, 3, heads, width / heads)
            .permute(2, 0, 3, 1, 4); // [3, N, heads, L, width / heads]
        var attended = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], is_casual: causal);
        return out_proj.call(attended.transpose(1, 2).reshape(n, length, width));
    }
}
