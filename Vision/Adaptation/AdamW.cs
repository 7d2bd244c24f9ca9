using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// AdamW for one tensor (Loshchilov and Hutter, ICLR 2019, arXiv 1711.05101, algorithm 2, as torch computes it): beta 0.9 and 0.999,
/// epsilon 1e-8. The tensors belong to the caller.
/// </summary>
internal sealed class AdamW(Tensor parameter, Tensor first, Tensor second, double weightDecay)
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private int _step;

    /// <summary>Moves the parameter against the gradient; call inside a dispose scope.</summary>
    public void Step(Tensor gradient, double rate)
    {
        _step++;
        parameter.mul_(1 - rate * weightDecay);
        first.mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
        second.mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
        var deviation = second.sqrt().div_(Math.Sqrt(1 - Math.Pow(Beta2, _step))).add_(1e-8);
        parameter.addcdiv_(first, deviation, -rate / (1 - Math.Pow(Beta1, _step)));
    }
}
