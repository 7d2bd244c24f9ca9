using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// A linear classifier over pooled features as the backbone gives them: logits are <c>f W^T + b</c> (<see cref="Scores.Linear"/>).
/// float64 for float64 features, else float32. The owner disposes it.
/// </summary>
/// <param name="W">[C,D].</param>
/// <param name="Bias">[C].</param>
public sealed record LinearHead(Tensor W, Tensor Bias) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        W.Dispose();
        Bias.Dispose();
    }
}
