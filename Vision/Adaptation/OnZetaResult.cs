using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>What OnZeta learned and answered on its way; the owner disposes it.</summary>
/// <param name="Proxies">w [D,C], columns of unit length; float64 for float64 features, else float32.</param>
/// <param name="Dual">rho [C]: how much mass each class lacked.</param>
/// <param name="TextBest">Best class of each image by the balanced text label alone, [N] in the given order.</param>
/// <param name="CombinedBest">Best class of each image by the combined label, [N].</param>
/// <param name="TextLabels">[N,C], if asked for.</param>
/// <param name="CombinedLabels">[N,C], if asked for.</param>
public sealed record OnZetaResult(
    Tensor Proxies, Tensor Dual, long[] TextBest, long[] CombinedBest, Tensor? TextLabels, Tensor? CombinedLabels) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Proxies.Dispose();
        Dual.Dispose();
        TextLabels?.Dispose();
        CombinedLabels?.Dispose();
    }
}
