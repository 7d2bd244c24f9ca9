using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// LP++: a linear probe beside the text logits, with step sizes from the data instead of a search (Huang et al., CVPR 2024,
/// arXiv 2404.02285; the authors' <c>LinearProbe_P2</c>). One step is one full-batch epoch.
/// <code>
/// logit_k = f . w_k + b_k + alpha_k (f . t_k)             mean cross-entropy, gradients in closed form: R = (softmax - Y) / N
/// w_k = sum of the class's shots, alpha_k = 250 mean cos   dW = R^T F, db = sum R, dalpha = sum R * (F T)
/// W, b: momentum 0.9, step 4 N / lambda_max(F^T F) ; alpha: every 10th epoch, step N / (4 max_k sum (f . t_k)^2)
/// </code>
/// The authors have the same number of shots in every class. Here a class's first weight is the mean of its shots times the mean
/// number of shots a class, which is their sum when all have as many; so no class starts ahead by having more. A class
/// without shots keeps a zero row, a zero bias and the first alpha: it scores by text alone, and the others learn against that.
/// </summary>
public sealed class LpPlusPlusFit : IterativeFit<LpPlusPlusResult>
{
    private readonly LpPlusPlusOptions _options;
    // At this many numbers or fewer float64 costs nothing, and no borderline image hangs on the order of a sum.
    private const long Small = 1 << 18;

    private readonly torch.ScalarType _dtype; // of the result
    private readonly long _images;
    private readonly PreparedFactor _features, _transposed; // F [N,D], unit rows, and F^T: they never change, so W stands on the left
    private readonly Tensor _textLogits;     // (F T)^T [C,N]
    private readonly Tensor _target;         // Y^T [C,N], one-hot
    private readonly Tensor _hasShots;       // [C,1], 1 or 0
    private readonly Tensor _w, _b, _alpha;  // [C,D], [C], [C]
    private readonly Tensor _wMomentum, _bMomentum, _alphaGradient;
    private readonly (Tensor Features, Tensor TextLogits, Tensor Labels)? _validation;
    private readonly double _rate, _alphaRate, _initialAlpha;
    private readonly List<LpPlusPlusEpoch> _trace = [];
    private (double Accuracy, int Epoch) _best = (-1, 0);
    private Tensor[] _bestWeights = [];

    /// <summary>Prepares a fit.</summary>
    /// <param name="shots">Labelled features; at least one row, any number for each class. Scaled to unit length here.</param>
    /// <param name="textProxies">T [D,C]: a unit column for each class; used as they are.</param>
    /// <param name="options">Settings.</param>
    /// <param name="validation">
    /// If given, the weights of the epoch with the best accuracy on it are the result. Report accuracy on other data.
    /// </param>
    /// <param name="initialBias">b [C] before the first epoch; drawn from the options' seed if absent.</param>
    /// <exception cref="AdaptationException">Empty, mismatched or not finite input, a zero row or column, a bad setting.</exception>
    public LpPlusPlusFit(
        LabelledFeatures shots,
        Tensor textProxies,
        LpPlusPlusOptions options,
        LabelledFeatures? validation = null,
        Tensor? initialBias = null)
    {
        options.Validate();
        _options = options;
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var given = Check.Matrix(shots.Features, "shots");
        _dtype = given.dtype;
        var f = Check.UnitRows(given.numel() <= Small ? given.to(torch.ScalarType.Float64) : given, "shots");
        var t = Check.Proxies(textProxies, f, "text proxies");
        var (images, size, classes) = (f.shape[0], f.shape[1], t.shape[1]);
        var labels = Check.Labels(shots.Labels, f, classes, "shots");
        if (validation is not null) _validation = Prepare(validation, f, t);
        var bias = InitialBias(initialBias, f, size, classes);

        var s = f.matmul(t);
        var y = torch.nn.functional.one_hot(labels, classes).to(f.dtype);
        var count = y.sum(dim: 0);
        var hasShots = count.sign();
        var perShot = count.AtLeast(1).reciprocal();
        var classesWithShots = hasShots.sum().ToDouble();
        _initialAlpha = options.InitialAlpha ?? 250 * ((y * s).sum(dim: 0) * perShot).sum().ToDouble() / classesWithShots;
        _rate = 4 * images / LargestEigenvalue(f);
        var textNorm = s.square().sum(dim: 0).max().ToDouble();
        _alphaRate = textNorm > 0 ? images / (4 * textNorm) : 0; // texts at right angles to every shot: nothing to learn for alpha

        _images = images;
        _features = new PreparedFactor(f);
        _transposed = new PreparedFactor(f.t());
        _textLogits = Keep(s.t().contiguous());
        _target = Keep(y.t().contiguous());
        _w = Keep(y.t().matmul(f) * perShot.unsqueeze(1).Times(images / classesWithShots));
        _b = Keep(bias * hasShots);
        _alpha = Keep(count.Filled(_initialAlpha));
        _wMomentum = Keep(torch.zeros_like(_w));
        _bMomentum = Keep(torch.zeros_like(_b));
        _alphaGradient = Keep(torch.zeros_like(_alpha));
        _hasShots = Keep(hasShots.unsqueeze(1));
        if (_validation is { } set)
        {
            Keep(set.Features);
            Keep(set.TextLogits);
            Keep(set.Labels);
        }
    }

    /// <inheritdoc/>
    public override int Total => _options.Epochs;

    /// <summary>Runs a whole fit.</summary>
    /// <inheritdoc cref="LpPlusPlusFit(LabelledFeatures, Tensor, LpPlusPlusOptions, LabelledFeatures, Tensor)" path="/param|/exception"/>
    public static LpPlusPlusResult Fit(
        LabelledFeatures shots,
        Tensor textProxies,
        LpPlusPlusOptions options,
        LabelledFeatures? validation = null,
        Tensor? initialBias = null) =>
        new LpPlusPlusFit(shots, textProxies, options, validation, initialBias).RunToEnd();

    private protected override void Advance()
    {
        var logits = _features.MultiplyBy(_w).Plus_(_b.unsqueeze(1)).Plus_(_textLogits * _alpha.unsqueeze(1));   // [C,N]
        var logP = logits.log_softmax(0);
        var loss = -(logP * _target).sum().ToDouble() / _images;
        if (!double.IsFinite(loss))
            throw new AdaptationException("LP++: the loss is no longer finite; the text proxies may be far from unit length");
        var residual = logP.exp_().sub_(_target).mul_(_hasShots).Over_(_images);

        var rate = _options.CosinePeriod is { } period ? CosineSchedule.JittorRate(_rate, 0, Completed, period) : _rate;
        _w.PlusMultiple_(_wMomentum.Times_(_options.Momentum).Plus_(_transposed.MultiplyBy(residual)), -rate);
        _b.PlusMultiple_(_bMomentum.Times_(_options.Momentum).Plus_(residual.sum(dim: 1)), -rate);
        MoveAlpha((residual * _textLogits).sum(dim: 1));
        _trace.Add(new LpPlusPlusEpoch(rate, loss, _alpha.mean().ToDouble(), Validate()));
    }

    private protected override LpPlusPlusResult Finish()
    {
        var (weights, epoch) = _bestWeights is [] ? ([_w, _b, _alpha], Total) : (_bestWeights, _best.Epoch);
        foreach (var tensor in weights) Check.Finite(tensor, "LP++ weights");
        var probe = new ProbeWeights(Learned(weights[0], "W"), Learned(weights[1], "bias"), Learned(weights[2], "alpha"));
        return new LpPlusPlusResult(probe, epoch, _rate, _alphaRate, _initialAlpha, _trace);
    }

    private protected override void DisposeParts()
    {
        _features.Dispose();
        _transposed.Dispose();
    }

    /// <summary>Logits of other images by the weights of now; fresh, in the enclosing dispose scope.</summary>
    internal Tensor Logits(Tensor features, Tensor textLogits) =>
        features.to(_w.dtype).matmul(_w.t()).Plus(_b).Plus(_alpha * textLogits.to(_w.dtype));

    private Tensor Learned(Tensor tensor, string name) => HandOver(tensor.to(_dtype), name);

    private void MoveAlpha(Tensor gradient)
    {
        if (_options.Alpha == AlphaPolicy.Accumulated) _alphaGradient.Plus_(gradient);
        if (_options.Alpha == AlphaPolicy.Frozen || (Completed + 1) % _options.AlphaPeriod != 0) return;
        _alpha.PlusMultiple_(_options.Alpha == AlphaPolicy.Accumulated ? _alphaGradient : gradient, -_alphaRate);
    }

    /// <summary>Accuracy on the validation set, if there is one; keeps the weights where it is the best so far.</summary>
    private double? Validate()
    {
        if (_validation is not { } set) return null;
        var accuracy = Scores.Accuracy(Logits(set.Features, set.TextLogits), set.Labels);
        if (accuracy <= _best.Accuracy) return accuracy;
        _best = (accuracy, Completed + 1);
        foreach (var tensor in _bestWeights) Drop(tensor);
        _bestWeights = [Keep(_w.clone()), Keep(_b.clone()), Keep(_alpha.clone())];
        return accuracy;
    }

    private static (Tensor, Tensor, Tensor) Prepare(LabelledFeatures set, Tensor shots, Tensor text)
    {
        var features = Check.UnitRows(set.Features, "validation features").to(shots.dtype).to(shots.device);
        if (features.shape[1] != text.shape[0])
            throw new AdaptationException($"validation features of size {features.shape[1]} do not fit texts of size {text.shape[0]}");
        return (features, features.matmul(text), Check.Labels(set.Labels, features, text.shape[1], "validation features"));
    }

    private Tensor InitialBias(Tensor? given, Tensor features, long size, long classes)
    {
        if (given is null)
        {
            var random = new SplitMix64(_options.BiasSeed);
            var drawn = Enumerable.Range(0, (int)classes).Select(_ => (2 * random.Fraction() - 1) / Math.Sqrt(size)).ToArray();
            return torch.tensor(drawn, dtype: features.dtype, device: features.device);
        }
        if (given.dim() != 1 || given.shape[0] != classes)
            throw new AdaptationException($"the initial bias must have {classes} entries; its shape is {Check.Shape(given)}");
        Check.Finite(given, "initial bias");
        return given.detach().to(features.dtype).to(features.device);
    }

    /// <summary>lambda_max(F^T F), from the smaller of the two Gram matrices, which share it.</summary>
    private static double LargestEigenvalue(Tensor features)
    {
        var wide = features.to(torch.ScalarType.Float64);
        var gram = features.shape[0] < features.shape[1] ? wide.matmul(wide.t()) : wide.t().matmul(wide);
        return torch.linalg.eigvalsh(gram.cpu()).max().item<double>();
    }
}
