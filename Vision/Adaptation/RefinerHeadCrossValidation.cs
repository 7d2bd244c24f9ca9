using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// The refiner's head on all folds of the shots but one, for each fold: logits of each held-out shot's first view, the plain one that is
/// served, by a head that saw none of its views. Shots of classes that have no other are always learned from and never held out.
/// </summary>
public sealed class RefinerHeadCrossValidation : IterativeFit<HeldOutScores>
{
    private readonly long[][] _folds;
    private readonly Tensor _features, _labels;
    private readonly long[] _firstViews;    // row of each shot's
    private readonly int _views, _classes, _stepsAFold;
    private readonly RefinerHeadOptions _options;
    private readonly List<Tensor> _logits = [];
    private RefinerHeadFit? _fit;

    /// <summary>Prepares the folds.</summary>
    /// <param name="views">Features [S V, D]: the views of each shot one after the other, the plain one first, with their classes.</param>
    /// <param name="viewsPerShot">V.</param>
    /// <param name="classes">C.</param>
    /// <param name="options">Settings of each fold's fit.</param>
    /// <param name="folds">At least two.</param>
    /// <exception cref="AdaptationException">As <see cref="RefinerHeadFit"/>'s; no class has two shots.</exception>
    public RefinerHeadCrossValidation(LabelledFeatures views, int viewsPerShot, int classes, RefinerHeadOptions options, int folds = 4)
    {
        Check.AtLeast(folds, 2, "folds");
        Check.AtLeast(viewsPerShot, 1, "views of a shot");
        options.Validate();
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var f = Check.Matrix(views.Features, "views");
        var labels = Check.Labels(views.Labels, f, classes, "views");
        (_views, _classes, _options) = (viewsPerShot, classes, options);
        _firstViews = [.. Enumerable.Range(0, (int)(f.shape[0] / viewsPerShot)).Select(shot => (long)shot * viewsPerShot)];
        var all = labels.cpu().data<long>().ToArray();
        _folds = HeldOutFolds.DealPairs([.. _firstViews.Select(row => all[row])], folds);
        if (_folds.Length == 0) throw new AdaptationException("cross-validation needs a class with two shots");
        (_features, _labels) = (Keep(f), Keep(labels));
        // Folds differ by a few shots: each is given the steps of the largest.
        var most = _firstViews.Length - _folds.Min(held => held.Length);
        _stepsAFold = options.Epochs * ((most * viewsPerShot - 1) / (options.BatchSize ?? most * viewsPerShot) + 1);
    }

    /// <inheritdoc/>
    public override int Total => _folds.Length * _stepsAFold;

    private protected override void Advance()
    {
        var held = _folds[Completed / _stepsAFold];
        _fit ??= Fit(held);
        _fit.Step();
        if ((Completed + 1) % _stepsAFold > 0) return;
        using var head = _fit.RunToEnd();
        _fit = null;
        var rows = torch.tensor(held.Select(shot => _firstViews[shot]).ToArray()).to(_features.device);
        _logits.Add(Keep(Scores.Linear(_features.index_select(0, rows), head)));
    }

    private protected override HeldOutScores Finish() =>
        new(HandOver(torch.cat(_logits), "held-out logits"), [.. _folds.SelectMany(shots => shots)]);

    private protected override void DisposeParts() => _fit?.Dispose();

    private RefinerHeadFit Fit(long[] held)
    {
        var isHeld = held.ToHashSet();
        var left = Enumerable.Range(0, _firstViews.Length).Where(shot => !isHeld.Contains(shot))
            .SelectMany(shot => Enumerable.Range(0, _views).Select(view => _firstViews[shot] + view)).ToArray();
        var rows = torch.tensor(left).to(_features.device);
        return new RefinerHeadFit(new LabelledFeatures(_features.index_select(0, rows), _labels.index_select(0, rows)), _classes, _options);
    }
}
