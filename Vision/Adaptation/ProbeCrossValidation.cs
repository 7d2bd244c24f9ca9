using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// LP++ on all folds of the shots but one, for each fold: logits of shots by weights that never saw them, at every checked epoch.
/// From them come the epoch to stop at and the temperature that makes probabilities honest. Steps are the folds' epochs, in turn.
/// </summary>
/// <remarks>
/// A class's shots are dealt to the folds in turn, so that each fold lacks about one shot of each class; a class of one shot is in
/// one fold only and scores by text alone there, as an unseen class would.
/// </remarks>
public sealed class ProbeCrossValidation : IterativeFit<ProbeCrossValidationResult>
{
    private readonly Fold[] _folds;
    private readonly LpPlusPlusOptions _options;
    private readonly long _rows, _classes;

    /// <summary>Prepares the folds' fits.</summary>
    /// <param name="shots">Labelled features; at least two rows.</param>
    /// <param name="textProxies">T [D,C].</param>
    /// <param name="options">Settings of each fold's fit.</param>
    /// <param name="folds">At most as many as there are rows.</param>
    /// <param name="period">Epochs between two looks at the held-out shots.</param>
    public ProbeCrossValidation(LabelledFeatures shots, Tensor textProxies, LpPlusPlusOptions options, int folds = 4, int period = 10)
    {
        Check.AtLeast(folds, 2, "folds");
        Check.AtLeast(period, 1, "period");
        options.Validate();
        _options = options;
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var f = Check.UnitRows(shots.Features, "shots");
        if (f.shape[0] < 2) throw new AdaptationException("cross-validation needs two shots or more");
        var text = Check.Proxies(textProxies, f, "text proxies");
        var labels = Check.Labels(shots.Labels, f, text.shape[1], "shots");
        (_rows, _classes) = (f.shape[0], text.shape[1]);
        var dealt = HeldOutFolds.Deal(labels.cpu().data<long>().ToArray(), (int)Math.Min(folds, _rows));
        _folds = [.. dealt.Where(held => held.Length > 0).Select(held => new Fold(this, f, labels, text, held, period))];
    }

    /// <inheritdoc/>
    public override int Total => _folds.Length * _options.Epochs;

    private protected override void Advance() => _folds[Completed / _options.Epochs].Step();

    private protected override ProbeCrossValidationResult Finish()
    {
        var epochs = _folds[0].Epochs;
        var losses = epochs.Select((_, i) => _folds.Sum(fold => fold.Losses[i]) / _rows).ToArray();
        var best = Array.IndexOf(losses, losses.Min());
        var held = torch.tensor(_folds.SelectMany(fold => fold.Held).ToArray());
        var logits = torch.cat([.. _folds.Select(fold => fold.Logits[best])]);
        var order = held.argsort(0).to(logits.device);
        return new(epochs[best], HandOver(logits.index_select(0, order), "held-out logits"), epochs, losses);
    }

    private protected override void DisposeParts()
    {
        foreach (var fold in _folds) fold.Fit.Dispose();
    }

    private sealed class Fold
    {
        private readonly ProbeCrossValidation _owner;
        private readonly Tensor _features, _textLogits, _labels; // of the held-out shots
        private readonly int _period;

        public Fold(ProbeCrossValidation owner, Tensor f, Tensor labels, Tensor text, long[] held, int period)
        {
            (_owner, _period, Held) = (owner, period, held);
            var isHeld = new bool[f.shape[0]];
            foreach (var row in held) isHeld[row] = true;
            var rest = Enumerable.Range(0, isHeld.Length).Where(row => !isHeld[row]).Select(row => (long)row).ToArray();
            Tensor Rows(long[] rows) => torch.tensor(rows).to(f.device);
            Fit = new LpPlusPlusFit(
                new LabelledFeatures(f.index_select(0, Rows(rest)), labels.index_select(0, Rows(rest))), text, owner._options);
            _features = owner.Keep(f.index_select(0, Rows(held)));
            _textLogits = owner.Keep(_features.matmul(text));
            _labels = owner.Keep(labels.index_select(0, Rows(held)).unsqueeze(1));
        }

        public LpPlusPlusFit Fit { get; }

        public long[] Held { get; }

        public List<int> Epochs { get; } = [];

        public List<double> Losses { get; } = [];

        public List<Tensor> Logits { get; } = [];

        public void Step()
        {
            Fit.Step();
            if (Fit.Completed % _period != 0 && Fit.Completed != Fit.Total) return;
            var logits = _owner.Keep(Fit.Logits(_features, _textLogits));
            Epochs.Add(Fit.Completed);
            Logits.Add(logits);
            Losses.Add(-logits.log_softmax(1).gather(1, _labels).sum().ToDouble());
        }
    }
}

/// <summary>What cross-validation found; the owner disposes it.</summary>
/// <param name="Epoch">Epochs after which the held-out cross-entropy was the lowest.</param>
/// <param name="Logits">[N,C]: each shot's logits at that epoch by the fit that did not see it, in the order of the shots.</param>
/// <param name="Epochs">The epochs looked at.</param>
/// <param name="Losses">Mean held-out cross-entropy at each of them.</param>
public sealed record ProbeCrossValidationResult(int Epoch, Tensor Logits, IReadOnlyList<int> Epochs, IReadOnlyList<double> Losses)
    : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Logits.Dispose();
}
