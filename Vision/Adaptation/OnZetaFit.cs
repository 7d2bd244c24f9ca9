using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// OnZeta: vision proxies learned image by image, each image seen once and none stored (Qian, Hu: "Online Zero-Shot Classification
/// with CLIP", ECCV 2024; the authors' <c>main.py</c>).
/// <code>
/// w = T, rho = 0 ; for image i: t = softmax(x T / tau_t) exp(rho), renormalised
///   rho = max(0, rho - cr / sqrt(i) (t - alpha / C)) ; v = softmax(x w / tau_i)
///   label b v + (1 - b) t with b = beta sqrt(i / n)   ; w = unit columns of w - cw / (sqrt(i) tau_i) x (v - t)^T
/// </code>
/// A step is some images, in the given order, which decides what is learned.
/// </summary>
public sealed class OnZetaFit : IterativeFit<OnZetaResult>
{
    private const int ImagesPerStep = 32;

    private readonly OnZetaOptions _options;
    private readonly Tensor _features;   // X [N,D], unit rows
    private readonly Tensor _textLogits; // X T / tau_t [N,C]
    private readonly List<(Tensor Text, Tensor Combined)> _labels = [];
    private readonly long[] _textBest, _combinedBest;
    private Tensor _w;                   // [D,C]
    private Tensor _rho;                 // [C]

    /// <summary>Prepares a fit.</summary>
    /// <param name="features">X [N,D]: image features in the order of their arrival; scaled to unit length here.</param>
    /// <param name="textProxies">T [D,C]: a unit column for each class; used as they are.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="AdaptationException">Empty, mismatched or not finite input, a zero row or column, a bad setting.</exception>
    public OnZetaFit(Tensor features, Tensor textProxies, OnZetaOptions options)
    {
        options.Validate();
        _options = options;
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var x = Check.UnitRows(features, "features");
        var text = Check.Proxies(textProxies, x, "text proxies");
        _textBest = new long[x.shape[0]];
        _combinedBest = new long[x.shape[0]];
        _features = Keep(x);
        _textLogits = Keep(x.matmul(text).Over(options.TextTemperature));
        _w = Keep(text);
        _rho = Keep(torch.zeros(text.shape[1], dtype: x.dtype, device: x.device));
    }

    /// <inheritdoc/>
    public override int Total => (_textBest.Length - 1) / ImagesPerStep + 1;

    /// <summary>Runs a whole fit.</summary>
    /// <inheritdoc cref="OnZetaFit(Tensor, Tensor, OnZetaOptions)" path="/param|/exception"/>
    public static OnZetaResult Fit(Tensor features, Tensor textProxies, OnZetaOptions options) =>
        new OnZetaFit(features, textProxies, options).RunToEnd();

    private protected override void Advance()
    {
        var first = Completed * ImagesPerStep;
        for (var image = first; image < Math.Min(first + ImagesPerStep, _textBest.Length); image++)
        {
            using var scope = torch.NewDisposeScope();
            Learn(image);
        }
    }

    private protected override OnZetaResult Finish()
    {
        var text = _options.KeepLabels ? HandOver(torch.stack(_labels.Select(l => l.Text)), "text labels") : null;
        var combined = _options.KeepLabels ? HandOver(torch.stack(_labels.Select(l => l.Combined)), "combined labels") : null;
        return new(HandOver(_w, "OnZeta proxies"), HandOver(_rho, "OnZeta's dual variables"), _textBest, _combinedBest, text, combined);
    }

    private void Learn(int image)
    {
        var (classes, root) = (_rho.shape[0], Math.Sqrt(image + 1));
        var x = _features[image];                                                        // [D]
        // In log space: exp(rho) alone would overflow.
        var t = _textLogits[image].Plus(_rho).softmax(0);                                  // [C]
        Replace(ref _rho, _rho.Minus(t.Plus(-_options.Balance / classes).Times(_options.BalanceRate / root)).AtLeast(0));
        var v = x.matmul(_w).Over(_options.ImageTemperature).softmax(0);                 // [C]
        var share = _options.MaximumVisionShare * Math.Sqrt(Math.Min(1, (image + 1.0) / (_options.ExpectedImages ?? _textBest.Length)));
        var combined = v.Times(share).Plus(t.Times(1 - share));
        _textBest[image] = t.argmax().ToInt64();
        _combinedBest[image] = combined.argmax().ToInt64();
        if (_options.KeepLabels) _labels.Add((Keep(t), Keep(combined)));
        var moved = _w.Minus(torch.outer(x, v.Minus(t)).Times(_options.ProxyRate / (root * _options.ImageTemperature)));
        Replace(ref _w, moved / moved.norm(0, keepdim: true).AtLeast(1e-12));
    }
}
