using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// InMaP as the seed runs it (its <c>Inmap</c>), kept to reproduce its answers:
/// <code>
/// round 1: P = softmax(X softmax(T) / tau_t), W1 from T ; round 2: P = Sinkhorn(X W1 / tau_t), W2 from W1
/// </code>
/// It differs from the paper by intent (two rounds, tau_i 1, no one-hot labels) and by slips: the softmax over the text matrix makes
/// the first labels nearly uniform, and its in-place subtraction writes into the text matrix, so that round two starts from W1.
/// </summary>
public sealed class SeedInmapFit : IterativeFit<SeedInmapResult>
{
    private readonly InmapOptions _options;
    private readonly bool _restartFromText;
    private readonly Tensor _features;
    private readonly Tensor _text;
    private readonly InmapFit _first;
    private InmapFit? _second;
    private InmapResult? _firstResult;

    /// <summary>Prepares both rounds.</summary>
    /// <param name="features">X [N,D]: image features, any floating-point type; scaled to unit length here.</param>
    /// <param name="textProxies">T [D,C]; the seed makes them from raw names with underscores.</param>
    /// <param name="options">Settings of each round; <see cref="InmapOptions.Seed"/> if absent.</param>
    /// <param name="restartFromText">True starts round two from T, as the seed's code reads; false from W1, as it runs.</param>
    /// <exception cref="AdaptationException">As for <see cref="InmapFit"/>.</exception>
    public SeedInmapFit(Tensor features, Tensor textProxies, InmapOptions? options = null, bool restartFromText = false)
    {
        _options = options ?? InmapOptions.Seed;
        _restartFromText = restartFromText;
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var x = Check.UnitRows(features, "features");
        var text = Check.Proxies(textProxies, x, "text proxies");
        _first = new InmapFit(x, text.softmax(1), text, _options with { UseSinkhorn = false });
        Total = _first.Total + InmapFit.Steps(_options, x.shape[0], text.shape[1], x.device).Total;
        _features = Keep(x);
        _text = Keep(text);
    }

    /// <inheritdoc/>
    public override int Total { get; }

    /// <summary>Runs both rounds.</summary>
    /// <inheritdoc cref="SeedInmapFit(Tensor, Tensor, InmapOptions, bool)" path="/param|/exception"/>
    public static SeedInmapResult Fit(Tensor features, Tensor textProxies, InmapOptions? options = null, bool restartFromText = false) =>
        new SeedInmapFit(features, textProxies, options, restartFromText).RunToEnd();

    private protected override void Advance()
    {
        if (_firstResult is null)
        {
            if (_first.Step()) return;
            _firstResult = _first.Result;
            _first.Dispose();
            var start = _restartFromText ? _text : _firstResult.Proxies;
            _second = new InmapFit(_features, _firstResult.Proxies, start, _options);
        }
        else
        {
            _second!.Step();
        }
    }

    private protected override SeedInmapResult Finish()
    {
        var result = new SeedInmapResult(_firstResult!, _second!.Result);
        _firstResult = null;
        return result;
    }

    private protected override void DisposeParts()
    {
        _first.Dispose();
        _firstResult?.Dispose();
        _second?.Dispose();
    }
}
