using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// <see cref="Sinkhorn"/> one round a step. The balanced matrix is kept as <c>diag(u) A diag(v)</c> in float64, so a round is two
/// matrix-vector products. <c>A</c> is the softmax with each column divided by its largest entry, in log space: a column whose
/// softmax underflows to 0, where the authors' code answers NaN, is an ordinary column here.
/// </summary>
public sealed class SinkhornFit : IterativeFit<Tensor>
{
    // A scale factor grows at most N-fold (u: C^2-fold) a round; folding them into A this often keeps both far from overflow.
    private const int RoundsBetweenFolds = 12;

    private readonly torch.ScalarType _dtype;
    private readonly Tensor _kernel;     // A [N,C]
    private readonly Tensor _columnMass; // q [C]
    private readonly double _rowMass;    // 1/N
    private Tensor _u;                   // [N]
    private Tensor _v;                   // [C]

    /// <summary>Prepares the softmax of the logits.</summary>
    /// <inheritdoc cref="Sinkhorn.Balance" path="/param|/exception"/>
    public SinkhornFit(Tensor logits, double temperature, double gamma = 0, int iterations = 20)
    {
        Check.Positive(temperature, "temperature");
        Check.NotNegative(gamma, "gamma");
        Check.AtLeast(iterations, 1, "Sinkhorn iterations");
        Total = iterations;
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var matrix = Check.Matrix(logits, "logits");
        _dtype = matrix.dtype;
        var (images, classes) = (matrix.shape[0], matrix.shape[1]);
        _rowMass = 1.0 / images;

        var logP = LogSoftmax(matrix.to(torch.ScalarType.Float64), temperature);
        var columnMaximum = logP.amax([0]);
        var kernel = logP.sub_(columnMaximum).exp_();
        _columnMass = Keep(gamma == 0
            ? kernel[0].Filled(1.0 / classes)
            // The column sums of the softmax to the power gamma; a floor keeps a class of no mass at all from dividing by zero.
            : columnMaximum.Plus(kernel.sum(dim: 0).log()).Times(gamma).softmax(0).AtLeast(1e-150));
        _kernel = Keep(kernel);
        _u = Keep(kernel.select(1, 0).Filled(_rowMass));
        _v = Keep(torch.ones(classes, dtype: torch.ScalarType.Float64, device: logits.device));
    }

    /// <inheritdoc/>
    public override int Total { get; }

    private protected override void Advance()
    {
        Replace(ref _v, _columnMass / _kernel.t().mv(_u));
        Replace(ref _u, _kernel.mv(_v).reciprocal().Times(_rowMass));
        if ((Completed + 1) % RoundsBetweenFolds != 0) return;
        _kernel.mul_(_u.unsqueeze(1)).mul_(_v);
        Replace(ref _u, torch.ones_like(_u));
        Replace(ref _v, torch.ones_like(_v));
    }

    private protected override Tensor Finish() =>
        HandOver((_kernel * _u.Over(_rowMass).unsqueeze(1) * _v).to(_dtype), "balanced labels");

    /// <summary><c>log softmax(M / tau)</c> along the rows; differences too large for a number are cut, not lost.</summary>
    private static Tensor LogSoftmax(Tensor logits, double temperature)
    {
        return (logits - logits.amax([1], keepdim: true)).Over_(temperature).AtLeast(-1e15).log_softmax(1);
    }
}
