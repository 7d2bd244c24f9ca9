using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// The refiner's head: a linear classifier over a frozen backbone's pooled features of augmented views, by AdamW on the cross-entropy
/// with smoothed labels; one step is one batch. The gradients are closed form: <c>R = (softmax(f W^T + b) - Y) / N</c>,
/// <c>dW = R^T f</c>, <c>db = sum R</c>. Standardisation <c>(f - mean) / (deviation + 1e-5)</c> is folded into what is returned:
/// <c>W' = W / deviation, b' = b - W' mean</c>.
/// </summary>
public sealed class RefinerHeadFit : IterativeFit<LinearHead>
{
    private readonly RefinerHeadOptions _options;
    private readonly Tensor _features;      // [M,D], standardised if asked
    private readonly Tensor _target;        // [M,C], smoothed
    private readonly Tensor _mean, _scale;  // [D]
    private readonly Tensor _w, _b;         // [C,D], [C]
    private readonly AdamW _wOptimizer, _bOptimizer;
    private readonly SplitMix64 _random;
    private readonly int _batchesPerEpoch;
    private long[] _order = [];

    /// <summary>Prepares a fit.</summary>
    /// <param name="views">Features [M,D] of all views of all shots with their classes, in any order; not normalised here.</param>
    /// <param name="classes">C; every class should have views.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="AdaptationException">Empty, mismatched or not finite input, a label or a setting out of range.</exception>
    public RefinerHeadFit(LabelledFeatures views, int classes, RefinerHeadOptions options)
    {
        options.Validate();
        Check.AtLeast(classes, 1, "classes");
        _options = options;
        _random = new SplitMix64(options.Seed);
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var f = Check.Matrix(views.Features, "views");
        var labels = Check.Labels(views.Labels, f, classes, "views");
        var (rows, size) = (f.shape[0], f.shape[1]);
        _batchesPerEpoch = (int)((rows - 1) / (options.BatchSize ?? rows) + 1);

        var mean = options.Standardize ? f.mean([0]) : torch.zeros(size, dtype: f.dtype, device: f.device);
        // The deviation of a single row is not defined; it has nothing to standardise.
        var scale = options.Standardize && rows > 1 ? f.std(0).Plus(1e-5) : torch.ones_like(mean);
        var oneHot = torch.nn.functional.one_hot(labels, classes).to(f.dtype);
        var target = oneHot.Times(1 - options.LabelSmoothing).Plus_(options.LabelSmoothing / classes);
        _features = Keep(f.Minus(mean) / scale);
        _target = Keep(target);
        _mean = Keep(mean);
        _scale = Keep(scale);
        _w = Keep(Draw(classes * size, size, f).reshape(classes, size).clone());
        _b = Keep(Draw(classes, size, f));
        _wOptimizer = new AdamW(_w, options.WeightDecay);
        _bOptimizer = new AdamW(_b, options.WeightDecay);
    }

    /// <inheritdoc/>
    public override int Total => _options.Epochs * _batchesPerEpoch;

    /// <summary>Runs a whole fit.</summary>
    /// <inheritdoc cref="RefinerHeadFit(LabelledFeatures, int, RefinerHeadOptions)" path="/param|/exception"/>
    public static LinearHead Fit(LabelledFeatures views, int classes, RefinerHeadOptions options) =>
        new RefinerHeadFit(views, classes, options).RunToEnd();

    private protected override void Advance()
    {
        var (epoch, batch) = (Completed / _batchesPerEpoch, Completed % _batchesPerEpoch);
        var (features, target) = Batch(batch);
        var predicted = features.matmul(_w.t()).Plus(_b).softmax(1);
        var residual = predicted.Minus(target).Over(features.shape[0]);
        var rate = _options.JittorSchedule
            ? CosineSchedule.JittorRate(_options.LearningRate, _options.FinalLearningRate, epoch, _options.CosinePeriod)
            : CosineSchedule.Rate(_options.LearningRate, _options.FinalLearningRate, epoch, _options.CosinePeriod);
        _wOptimizer.Step(residual.t().matmul(features), rate);
        _bOptimizer.Step(residual.sum(dim: 0), rate);
    }

    private protected override void DisposeParts()
    {
        _wOptimizer.Dispose();
        _bOptimizer.Dispose();
    }

    private protected override LinearHead Finish()
    {
        var w = _w / _scale;
        var b = _b.Minus(w.mv(_mean));
        Check.Finite(b, "bias of the refiner's head");
        return new LinearHead(HandOver(w, "weights of the refiner's head"), HandOver(b, "bias of the refiner's head"));
    }

    private (Tensor Features, Tensor Target) Batch(int batch)
    {
        if (_batchesPerEpoch == 1) return (_features, _target);
        var rows = (int)_features.shape[0];
        if (batch == 0) _order = _random.Permutation(rows);
        var size = _options.BatchSize!.Value;
        var chosen = torch.tensor(_order[(batch * size)..Math.Min(rows, (batch + 1) * size)], device: _features.device);
        return (_features.index_select(0, chosen), _target.index_select(0, chosen));
    }

    /// <summary>Uniform within <see cref="RefinerHeadOptions.InitialWidth"/> / sqrt(D) of 0.</summary>
    private Tensor Draw(long count, long size, Tensor like)
    {
        var width = _options.InitialWidth / Math.Sqrt(size);
        if (width == 0) return torch.zeros(count, dtype: like.dtype, device: like.device);
        var drawn = new double[count];
        for (var i = 0; i < count; i++) drawn[i] = width * (2 * _random.Fraction() - 1);
        return torch.tensor(drawn, dtype: like.dtype, device: like.device);
    }
}
