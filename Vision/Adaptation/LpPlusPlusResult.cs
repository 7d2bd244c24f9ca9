namespace FewShotCluster.Vision.Adaptation;

/// <summary>A fitted LP++ probe; the owner disposes it.</summary>
/// <param name="Weights">The weights after <paramref name="Epoch"/> epochs.</param>
/// <param name="Epoch">The last epoch, or the first of the best ones on the validation set where one was given.</param>
/// <param name="LearningRate">Step size of W and b before any schedule: <c>4 N / lambda_max(F^T F)</c>.</param>
/// <param name="AlphaLearningRate">Step size of alpha: <c>N / (4 max_k sum (f . t_k)^2)</c>.</param>
/// <param name="InitialAlpha">Alpha before the first epoch.</param>
/// <param name="Trace">One entry an epoch.</param>
public sealed record LpPlusPlusResult(
    ProbeWeights Weights,
    int Epoch,
    double LearningRate,
    double AlphaLearningRate,
    double InitialAlpha,
    IReadOnlyList<LpPlusPlusEpoch> Trace) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}

/// <summary>One epoch of LP++.</summary>
/// <param name="LearningRate">Step size used for W and b.</param>
/// <param name="Loss">Mean cross-entropy of the shots before the step.</param>
/// <param name="MeanAlpha">Mean of alpha after the step.</param>
/// <param name="ValidationAccuracy">
/// Accuracy after the step on the set that chooses the epoch, 0 to 1. The best of these is no estimate of accuracy on other images.
/// </param>
public readonly record struct LpPlusPlusEpoch(double LearningRate, double Loss, double MeanAlpha, double? ValidationAccuracy);
