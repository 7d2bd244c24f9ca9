using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference;

/// <summary>A network from pixels to features. The weights belong to whoever compiled it; runs on one thread at a time.</summary>
internal interface ICompiledTower
{
    /// <param name="images">[N, 3, R, R], normalised pixels of the plan's device and number format.</param>
    /// <returns>[N, features]; belongs to the caller's dispose scope.</returns>
    Tensor Run(Tensor images);
}
