using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>Vision proxies learned by InMaP; the owner disposes them.</summary>
/// <param name="Proxies">
/// W [D,C], columns of unit length unless the options say otherwise; float64 for float64 features, else float32.
/// </param>
/// <param name="LearningRate">The last step size: store it with the proxies and start the next fit from both.</param>
/// <param name="Trace">What happened in each gradient step.</param>
public sealed record InmapResult(Tensor Proxies, double LearningRate, IReadOnlyList<InmapIteration> Trace) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Proxies.Dispose();
}

/// <summary>One gradient step.</summary>
/// <param name="GradientNorm">Frobenius norm of G before the step.</param>
/// <param name="LearningRate">Step size used.</param>
public readonly record struct InmapIteration(double GradientNorm, double LearningRate);

/// <summary>
/// Where a warm start begins. Without the step size that belongs to the proxies a refit starts far too fast: with it five steps do
/// what a cold start needs twenty for.
/// </summary>
/// <param name="Proxies">W [D,C] of an earlier fit; stays the caller's.</param>
/// <param name="LearningRate">That fit's last step size.</param>
public sealed record InmapStart(Tensor Proxies, double LearningRate);
