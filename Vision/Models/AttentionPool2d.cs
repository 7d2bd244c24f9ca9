using FewShotCluster.Vision.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace FewShotCluster.Vision.Models;

/// <summary>
/// Pooling by attention: the mean token asks all positions (openai/CLIP, clip/model.py, AttentionPool2d). Only that one query is
/// computed, where the original projects them all.
/// </summary>
internal sealed class AttentionPool2d : Module<Tensor, Tensor>
{
    private readonly Parameter positional_embedding;
    private readonly Linear k_proj;
    private readonly Linear q_proj;
    private readonly Linear v_proj;
    private readonly Linear c_proj;
    private readonly long heads;

    public AttentionPool2d(long grid, long width, long heads, long embed) : base(nameof(AttentionPool2d))
    {
        positional_embedding = Parameter(randn(grid * grid + 1, width) / Math.Sqrt(width));
        k_proj = new Linear(width, width);
        q_proj = new Linear(width, width);
        v_proj = new Linear(width, width);
        c_proj = new Linear(width, embed);
        this.heads = heads;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [N, width, grid, grid]
    {
        x = x.flatten(2).transpose(1, 2);                                            // [N, grid * grid, width]
        x = cat([x.mean([1], keepdim: true), x], 1).Plus(positional_embedding);         // [N, grid * grid + 1, width]
        var pooled = F.scaled_dot_product_attention(
            Heads(q_proj.call(x.narrow(1, 0, 1))), Heads(k_proj.call(x)), Heads(v_proj.call(x)));
        return c_proj.call(pooled.transpose(1, 2).reshape(x.shape[0], x.shape[2]));  // [N, embed]
    }

    private Tensor Heads(Tensor x) => x.view(x.shape[0], x.shape[1], heads, x.shape[2] / heads).transpose(1, 2);
}
