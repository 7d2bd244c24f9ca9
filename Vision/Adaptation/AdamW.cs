using FewShotCluster.Vision.Numerics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// AdamW for one tensor (Loshchilov and Hutter, ICLR 2019, arXiv 1711.05101, algorithm 2, as torch computes it). In place of
/// TorchSharp's optimizer, whose implicit scalars may be freed during a call (<see cref="TensorScalars"/>).
/// </summary>
public sealed class AdamW : IDisposable
{
    private readonly Tensor _parameter, _mean, _square;
    private readonly double _weightDecay, _beta1, _beta2, _epsilon;
    private int _steps;

    /// <summary>Optimises a tensor that stays the caller's.</summary>
    /// <param name="parameter">Any shape; moved in place.</param>
    /// <param name="weightDecay">Decoupled decay, as a share of the learning rate.</param>
    /// <param name="beta1">Decay of the mean of gradients.</param>
    /// <param name="beta2">Decay of the mean of squared gradients.</param>
    /// <param name="epsilon">Floor of the deviation.</param>
    public AdamW(Tensor parameter, double weightDecay, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8)
    {
        (_parameter, _weightDecay, _beta1, _beta2, _epsilon) = (parameter, weightDecay, beta1, beta2, epsilon);
        _mean = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
        _square = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
    }

    /// <summary>Moves the parameter against the gradient, which is not modified.</summary>
    public void Step(Tensor gradient, double learningRate)
    {
        _steps++;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        _parameter.Times_(1 - (learningRate * _weightDecay));
        _mean.Times_(_beta1).PlusMultiple_(gradient, 1 - _beta1);
        _square.Times_(_beta2).PlusMultiple_(gradient.square(), 1 - _beta2);
        var deviation = _square.sqrt().Over_(Math.Sqrt(1 - Math.Pow(_beta2, _steps))).Plus_(_epsilon);
        _parameter.PlusMultiple_(_mean.div(deviation), -learningRate / (1 - Math.Pow(_beta1, _steps)));
    }

    /// <summary>Releases the moments.</summary>
    public void Dispose()
    {
        _mean.Dispose();
        _square.Dispose();
    }
}
