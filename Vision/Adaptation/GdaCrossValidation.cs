using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// GDA on all folds of the shots but one, for each fold: logits by weights that never saw the shot, which tell how sure its probabilities
/// may be. A step is a fold. Shots of classes that have no other are always learned from and never held out.
/// </summary>
public sealed class GdaCrossValidation : IterativeFit<HeldOutScores>
{
    private readonly long[][] _folds;
    private readonly Tensor _features, _labels, _text;
    private readonly int _classes;
    private readonly double _textWeight;
    private readonly List<Tensor> _logits = [];

    /// <summary>Prepares the folds.</summary>
    /// <param name="shots">Labelled features; at least one of each class.</param>
    /// <param name="textProxies">T [D,C].</param>
    /// <param name="textWeight">As in <see cref="GaussianDiscriminant.Probe"/>.</param>
    /// <param name="folds">At least two.</param>
    /// <exception cref="AdaptationException">Empty, mismatched or not finite input; no class has two shots.</exception>
    public GdaCrossValidation(LabelledFeatures shots, Tensor textProxies, double textWeight, int folds = 4)
    {
        Check.AtLeast(folds, 2, "folds");
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var f = Check.UnitRows(shots.Features, "shots");
        var text = Check.Proxies(textProxies, f, "text proxies");
        _classes = (int)text.shape[1];
        var labels = Check.Labels(shots.Labels, f, _classes, "shots");
        _folds = HeldOutFolds.DealPairs(labels.cpu().data<long>().ToArray(), folds);
        if (_folds.Length == 0) throw new AdaptationException("cross-validation needs a class with two shots");
        (_features, _labels, _text, _textWeight) = (Keep(f), Keep(labels), Keep(text), textWeight);
    }

    /// <inheritdoc/>
    public override int Total => _folds.Length;

    private protected override void Advance()
    {
        var held = torch.tensor(_folds[Completed]).to(_features.device);
        var isLeft = torch.ones(_features.shape[0], dtype: torch.ScalarType.Bool, device: _features.device);
        isLeft.index_fill_(0, held, false);
        var left = isLeft.nonzero().squeeze(1);
        using var gda = GaussianDiscriminant.Fit(new LabelledFeatures(_features.index_select(0, left), _labels.index_select(0, left)), _classes);
        using var probe = gda.Probe(_textWeight);
        _logits.Add(Keep(Scores.Probe(_features.index_select(0, held), _text, probe)));
    }

    private protected override HeldOutScores Finish() =>
        new(HandOver(torch.cat(_logits), "held-out logits"), [.. _folds.SelectMany(rows => rows)]);
}
