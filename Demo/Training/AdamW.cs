using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter, ICLR 2019) for one group of parameters. In place of TorchSharp's, which hands implicitly made scalars
/// to native code unprotected: the garbage collector now and then frees one during the call ("Unknown scalar type").
/// </summary>
internal sealed class AdamW(IEnumerable<Parameter> parameters, double beta1, double beta2, double epsilon, double weightDecay) : IDisposable
{
    private readonly List<(Parameter Weight, Tensor Mean, Tensor Square)> _states =
        [.. parameters.Select(parameter => (parameter, Zeros(parameter), Zeros(parameter)))];

    private int _steps;

    /// <summary>Moves every parameter by its gradient, and forgets the gradient.</summary>
    public void Step(double learningRate)
    {
        _steps++;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        // Named and disposed, so that they outlive the native calls.
        using Scalar keep = 1 - learningRate * weightDecay;
        using Scalar b1 = beta1;
        using Scalar b2 = beta2;
        using Scalar fresh1 = 1 - beta1;
        using Scalar fresh2 = 1 - beta2;
        using Scalar correction = 1 / Math.Sqrt(1 - Math.Pow(beta2, _steps));
        using Scalar floor = epsilon;
        using Scalar move = -learningRate / (1 - Math.Pow(beta1, _steps));
        foreach (var (weight, mean, square) in _states)
        {
            if (weight.grad is not { } gradient)
                continue;
            weight.mul_(keep);
            mean.mul_(b1).add_(gradient, fresh1);
            square.mul_(b2).addcmul_(gradient, gradient, fresh2);
            weight.addcdiv_(mean, square.sqrt().mul_(correction).add_(floor), move);
            gradient.zero_();
        }
    }

    public void Dispose()
    {
        foreach (var (_, mean, square) in _states)
        {
            mean.Dispose();
            square.Dispose();
        }
    }

    private static Tensor Zeros(Parameter parameter) => zeros(parameter.shape).DetachFromDisposeScope();
}
