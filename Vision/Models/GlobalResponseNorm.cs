using FewShotCluster.Vision.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FewShotCluster.Vision.Models;

/// <summary>
/// Global response normalisation, gamma * (x * n) + beta + x with n the channel's share of the spatial energy (Woo et al., CVPR 2023,
/// equation 3; facebookresearch/ConvNeXt-V2, models/utils.py). The norm is taken as a root of a square sum: much faster on a CPU
/// than vector_norm.
/// </summary>
internal sealed class GlobalResponseNorm : Module<Tensor, Tensor>
{
    private readonly Parameter gamma;
    private readonly Parameter beta;

    public GlobalResponseNorm(long channels) : base(nameof(GlobalResponseNorm))
    {
        gamma = Parameter(zeros(1, 1, 1, channels));
        beta = Parameter(zeros(1, 1, 1, channels));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [N, H, W, C]
    {
        // The floor keeps the root differentiable at a dead channel; it is far below fp32 resolution of a live one.
        var energy = (x * x).sum([1L, 2L], keepdim: true).Plus(1e-12).sqrt();              // [N, 1, 1, C]
        var share = energy / energy.mean([-1L], keepdim: true).Plus(1e-6);
        return (x * (gamma * share).Plus(1)).Plus(beta); // one pass less over x than as written in the paper
    }
}
