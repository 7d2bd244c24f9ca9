using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// <see cref="Sinkhorn"/> one round a step. The balanced matrix is kept as <c>diag(u) A diag(v)</c> in float64, so a round is two
/// matrix-vector products. <c>A</c> is the softmax with each column divided by its largest entry, in log space: a column whose
/// softmax underflows to 0, where the authors' code answers NaN, is an ordinary column here. What passes over the whole matrix and costs
/// more than a round (softmax, scaling, the result) is cut into blocks of rows, a step each.
/// </summary>
public sealed class SinkhornFit : IterativeFit<Tensor>
{
    // How large, in powers of ten, a scale factor may become before it is folded into A: the product of two is still a number.
    private const double LargestScale = 150;

    // A few milliseconds a step on two cores: what serves beside the fit waits for no more.
    private const int ImagesPerBlock = 512;

    private readonly double _temperature;
    private readonly double _gamma;
    private readonly int _iterations;
    private readonly Tensor[] _logits;       // [n,C] by blocks, until they are in the kernel
    private readonly (long First, long Rows)[] _blocks;
    private readonly int _roundsBetweenFolds;
    private readonly long _images;
    private readonly Tensor _kernel;         // A [N,C]; log softmax before it is exponentiated
    private readonly Tensor _labels;         // [N,C] in the logits' precision, filled at the end
    private Tensor? _columnMaximum;          // [C], of the log softmax
    private Tensor? _columnSums;             // A^T u [C]
    private Tensor? _columnMass;             // N q [C]
    private readonly Tensor _u;                       // [N]
    private Tensor _v;                       // [C]
    private int _scored, _exponentiated, _rounds, _folded, _written; // blocks, but for rounds
    private bool _folding;

    /// <summary>Prepares a fit; the logits are copied.</summary>
    /// <inheritdoc cref="Sinkhorn.Balance" path="/param|/exception"/>
    public SinkhornFit(Tensor logits, double temperature, double gamma = 0, int iterations = 20)
        : this(() => Check.Matrix(logits, "logits").split(ImagesPerBlock), temperature, gamma, iterations)
    {
    }

    /// <summary>Of finite logits that are there in blocks of rows; they become the fit's.</summary>
    /// <param name="blocks">Makes the blocks [n,C], contiguous or not.</param>
    /// <param name="temperature">tau.</param>
    /// <param name="gamma">As in <see cref="Sinkhorn.Balance"/>.</param>
    /// <param name="iterations">Rounds.</param>
    internal SinkhornFit(Func<Tensor[]> blocks, double temperature, double gamma, int iterations)
    {
        Check.Positive(temperature, "temperature");
        Check.NotNegative(gamma, "gamma");
        Check.AtLeast(iterations, 1, "Sinkhorn iterations");
        (_temperature, _gamma, _iterations) = (temperature, gamma, iterations);
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        _logits = [.. blocks().Select(Keep)];
        _blocks = new (long, long)[_logits.Length];
        var images = 0L;
        for (var block = 0; block < _blocks.Length; images += _logits[block++].shape[0]) _blocks[block] = (images, _logits[block].shape[0]);
        var (classes, like) = (_logits[0].shape[1], _logits[0]);
        _roundsBetweenFolds = RoundsBetweenFolds(images, classes);
        Total = StepCount(_blocks.Length, images, classes, iterations);
        _images = images;
        _kernel = Keep(torch.empty(images, classes, dtype: torch.ScalarType.Float64, device: like.device));
        _labels = Keep(torch.empty(images, classes, dtype: like.dtype, device: like.device));
        _u = Keep(torch.ones(images, dtype: torch.ScalarType.Float64, device: like.device));
        _v = Keep(torch.ones(classes, dtype: torch.ScalarType.Float64, device: like.device));
    }

    /// <inheritdoc/>
    public override int Total { get; }

    /// <summary>How many steps a fit of so many blocks takes.</summary>
    internal static int StepCount(int blocks, long images, long classes, int iterations) =>
        iterations + blocks * (3 + (iterations - 1) / RoundsBetweenFolds(images, classes));

    // v grows at most N-fold a round and u at most C^2-fold.
    private static int RoundsBetweenFolds(long images, long classes) =>
        (int)(LargestScale / Math.Max(1, Math.Log10(Math.Max(images, (double)classes * classes))));

    private protected override void Advance()
    {
        if (_scored < _blocks.Length) Score(_scored++);
        else if (_exponentiated < _blocks.Length) Exponentiate(_exponentiated++);
        else if (_folding) Fold(_folded++);
        else if (_rounds < _iterations) Round();
        else Write(_written++);
    }

    private protected override Tensor Finish() => GiveAway(_labels);

    /// <summary><c>log softmax(M / tau)</c> along a block's rows; differences too large for a number are cut, not lost.</summary>
    private void Score(int block)
    {
        var logits = _logits[block].contiguous().to(torch.ScalarType.Float64);
        var logP = logits.Minus(logits.amax([1], keepdim: true)).Over_(_temperature).AtLeast(-1e15).log_softmax(1);
        Rows(_kernel, block).copy_(logP);
        Drop(_logits[block]);
        var maximum = logP.amax([0]);
        var before = _columnMaximum;
        _columnMaximum = Keep(before is null ? maximum : before.maximum(maximum));
        Drop(before);
    }

    private void Exponentiate(int block)
    {
        Rows(_kernel, block).sub_(_columnMaximum!).exp_();
        if (block + 1 < _blocks.Length) return;
        _columnSums = Keep(_kernel.sum(dim: 0));
        _columnMass = Keep(_gamma == 0
            ? _kernel[0].Filled((double)_images / _kernel.shape[1])
            // The column sums of the softmax to the power gamma; a floor keeps a class of no mass at all from dividing by zero.
            : _columnMaximum!.Plus(_columnSums.log()).Times(_gamma).softmax(0).Times(_images).AtLeast(1e-150));
    }

    private void Round()
    {
        Replace(ref _v, _columnMass! / _columnSums!);
        Replace(ref _columnSums!, BalancingRound.Run(_kernel, _v, _u));
        _folding = ++_rounds < _iterations && _rounds % _roundsBetweenFolds == 0;
    }

    private void Fold(int block)
    {
        Scale(block);
        if (_folded < _blocks.Length) return;
        (_folding, _folded) = (false, 0);
        Replace(ref _columnSums!, _columnSums! * _v);
        _u.copy_(torch.ones_like(_u));
        Replace(ref _v, torch.ones_like(_v));
    }

    private void Write(int block)
    {
        var labels = Rows(_labels, block).copy_(Scale(block));
        Check.Finite(labels, "balanced labels");
    }

    private Tensor Scale(int block) => Rows(_kernel, block).mul_(Rows(_u, block).unsqueeze(1)).mul_(_v);

    private Tensor Rows(Tensor tensor, int block) => tensor.narrow(0, _blocks[block].First, _blocks[block].Rows);
}
