using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// GDA: Gaussian classes with one shared covariance, in closed form ("A Hard-to-Beat Baseline for Training-Free CLIP-Based
/// Adaptation", Wang et al., ICLR 2024, arXiv 2402.04087; the authors' <c>run</c>).
/// <code>
/// mu_k = mean of the class's shots ; S = covariance of all shots about their class means, N - 1
/// P = D ((N - 1) S + trace(S) I)^-1 ; w_k = P mu_k ; b_k = -log C - mu_k^T P mu_k / 2
/// </code>
/// Adding a class is one mean; the precision matrix stays. Owns its tensors.
/// </summary>
public sealed class GaussianDiscriminant : IDisposable
{
    private GaussianDiscriminant(Tensor means, Tensor precision)
    {
        Means = means.DetachFromDisposeScope();
        Precision = precision.DetachFromDisposeScope();
    }

    /// <summary>mu [C,D].</summary>
    public Tensor Means { get; }

    /// <summary>P [D,D].</summary>
    public Tensor Precision { get; }

    /// <summary>Fits means and precision.</summary>
    /// <param name="shots">Labelled features; at least one of each class, any number. Scaled to unit length here.</param>
    /// <param name="classes">C.</param>
    /// <exception cref="AdaptationException">Empty, mismatched or not finite input, a zero row, a class without shots.</exception>
    public static GaussianDiscriminant Fit(LabelledFeatures shots, int classes)
    {
        Check.AtLeast(classes, 1, "classes");
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var f = Check.UnitRows(shots.Features, "shots");
        var labels = Check.Labels(shots.Labels, f, classes, "shots");
        var oneHot = torch.nn.functional.one_hot(labels, classes).to(f.dtype);                  // [N,C]
        var count = oneHot.sum(dim: 0);
        if (count.min().ToDouble() == 0)
            throw new AdaptationException($"GDA: class {count.argmin().ToInt64()} has no shots, so it has no mean");
        var means = oneHot.t().matmul(f) / count.unsqueeze(1);                                  // [C,D]
        var centred = f.Minus(means.index_select(0, labels));                                        // [N,D]
        return new GaussianDiscriminant(means, ShrunkPrecision(centred));
    }

    /// <summary>The same with one more class, in O(D): this one stays as it is.</summary>
    /// <param name="shots">The new class's features [n,D], at least one; scaled to unit length here.</param>
    public GaussianDiscriminant WithClass(Tensor shots)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var f = Check.UnitRows(shots, "shots of the new class").to(Means.dtype).to(Means.device);
        if (f.shape[1] != Means.shape[1])
            throw new AdaptationException($"shots of size {f.shape[1]} do not fit means of size {Means.shape[1]}");
        return new GaussianDiscriminant(torch.cat([Means, f.mean([0], keepdim: true)]), Precision.clone());
    }

    /// <summary>The linear classifier that it amounts to, with a weight of the text logits (the authors' fusion).</summary>
    /// <param name="textWeight">alpha of each class's text score; the authors have CLIP's logit scale, 100.</param>
    /// <param name="share">Weight of GDA's own logits beside it; the authors search it, 1 is their first guess.</param>
    public ProbeWeights Probe(double textWeight, double share = 1)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var w = Means.matmul(Precision);                                                        // [C,D]; P is symmetric
        var b = (w * Means).sum(dim: 1).Times(-0.5).Plus(-Math.Log(Means.shape[0]));
        var (weights, bias) = (w.Times(share), b.Times(share));
        Check.Finite(weights, "GDA weights");
        Check.Finite(bias, "GDA bias");
        return new ProbeWeights(
            weights.DetachFromDisposeScope(), bias.DetachFromDisposeScope(), bias.Filled(textWeight).DetachFromDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Means.Dispose();
        Precision.Dispose();
    }

    /// <summary>D ((N - 1) S + trace(S) I)^-1; shots that never differ from their mean tell nothing: the identity then.</summary>
    private static Tensor ShrunkPrecision(Tensor centred)
    {
        var (rows, size) = (centred.shape[0], centred.shape[1]);
        var scatter = centred.t().matmul(centred).to(torch.ScalarType.Float64);                 // (N - 1) S
        var identity = torch.eye(size, dtype: torch.ScalarType.Float64, device: centred.device);
        var trace = rows < 2 ? 0 : scatter.trace().ToDouble() / (rows - 1);
        if (!(trace > 1e-12)) return identity.Times(size).to(centred.dtype);
        var shrunk = scatter.Plus(identity.Times(trace)).cpu();
        return torch.linalg.inv(shrunk).Times(size).to(centred.dtype).to(centred.device);
    }
}
