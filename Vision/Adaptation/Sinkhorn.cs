using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// Balanced pseudo-labels by Sinkhorn's algorithm, as InMaP's authors use it (NeurIPS 2023, arXiv 2310.19752; their <c>sinkhorn</c>):
/// <code>
/// P = softmax(M / tau) / N ; repeat: columns of P scaled to q, then rows scaled to 1/N ; return N P
/// </code>
/// <c>q_j = 1/C</c>, or, for gamma &gt; 0, proportional to the column's first sum to the power gamma.
/// </summary>
public static class Sinkhorn
{
    /// <summary>Balances logits into labels, all rounds at once; <see cref="SinkhornFit"/> does it round by round.</summary>
    /// <param name="logits">[N,C], any floating-point type; for CLIP the cosines of images and class proxies.</param>
    /// <param name="temperature">tau; below 1 it sharpens.</param>
    /// <param name="gamma">0: every class gets the same mass; 1: the mass that the logits gave it.</param>
    /// <param name="iterations">Rounds, at least 1.</param>
    /// <returns>
    /// [N,C]: every row sums to 1 and, after enough rounds, every column to <c>N q_j</c>. float64 for float64 logits, else float32.
    /// A fresh tensor in the enclosing dispose scope.
    /// </returns>
    /// <exception cref="AdaptationException">Empty or not finite logits, or a setting out of range.</exception>
    public static Tensor Balance(Tensor logits, double temperature, double gamma = 0, int iterations = 20)
    {
        using var scope = torch.NewDisposeScope();
        var labels = new SinkhornFit(logits, temperature, gamma, iterations).RunToEnd();
        scope.Attach(labels);
        return labels.MoveToOuterDisposeScope();
    }
}
