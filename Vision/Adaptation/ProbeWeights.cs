using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// What LP++ learns: logits are <c>f W^T + b + alpha (f . t)</c> (<see cref="Scores.Probe"/>). float64 for float64 features, else
/// float32. The owner disposes it.
/// </summary>
/// <param name="W">[C,D] visual prototypes; a zero row for a class without shots.</param>
/// <param name="Bias">[C].</param>
/// <param name="Alpha">[C] weight of each class's text logit.</param>
public sealed record ProbeWeights(Tensor W, Tensor Bias, Tensor Alpha) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        W.Dispose();
        Bias.Dispose();
        Alpha.Dispose();
    }
}
