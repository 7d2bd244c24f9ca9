using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// InMaP: class proxies in the space of images, learned from unlabelled images (Qian, Xu, Hu: "Intra-Modal Proxy Learning for
/// Zero-Shot Visual Categorization with CLIP", NeurIPS 2023, arXiv 2310.19752; the authors' <c>main.py</c>).
/// <code>
/// P = Sinkhorn(softmax(X T / tau_t)), rows whose maximum exceeds alpha made one-hot
/// W = T ; repeat: G = X^T softmax(X W / tau_i) - X^T P ; if |G| grew: lr = lr / 2
///                 W = W - lr / (N tau_i) G ; columns of W scaled to unit length
/// </code>
/// The first steps score the images by text, the next are Sinkhorn's, the rest the target and gradient steps of 4 N D C operations
/// each; all but Sinkhorn's rounds are cut into blocks of images, so that inference waits for no more than one block.
/// </summary>
public sealed class InmapFit : IterativeFit<InmapResult>
{
    // A few milliseconds a step on two cores: what serves beside the fit waits for no more, and products are large enough to run well.
    // A power of two would put a column's scores, which softmax passes over, into few sets of the processor's cache.
    private const int ImagesPerCpuBlock = 1152;

    // As long a step on a GPU, which would spend smaller ones on launching kernels.
    private const int ImagesPerGpuBlock = 1 << 17;

    private readonly InmapOptions _options;
    private readonly torch.Device _device;
    private readonly long _images;
    private readonly Tensor[] _rows;        // X by blocks [n,D], unit rows, until they are factors
    private readonly List<(PreparedFactor X, PreparedFactor Transposed)> _blocks = []; // [n,D] and [D,n]
    private readonly Tensor _labelProxies;  // T^T [C,D], until the first step is done
    private readonly List<InmapIteration> _trace = [];
    private readonly List<Tensor> _scores = []; // X T by blocks [C,n], until all are there
    private SinkhornFit? _balancing;
    private Tensor? _soft;                  // P [N,C], until the target is known
    private int _targeted;                  // blocks
    private Tensor? _target;                // P^T X [C,D]
    private Tensor _proxies;                // W^T [C,D]: what does not change is the factor that is prepared once
    private Tensor _scaledProxies;          // W^T / tau_i [C,D]
    private Tensor? _gradient;              // of the blocks done, in the step that is under way
    private int _blocksDone;
    private double _learningRate;
    private double _previousNorm;

    /// <summary>Prepares a fit; nothing is learned before the first <see cref="IterativeFit{T}.Step"/>.</summary>
    /// <param name="features">X [N,D]: image features, any floating-point type; scaled to unit length here.</param>
    /// <param name="textProxies">T [D,C]: a unit column for each class; used as they are.</param>
    /// <param name="options">Settings.</param>
    /// <param name="start">Proxies and step size of an earlier fit; without it W starts at T. The labels come from T either way.</param>
    /// <exception cref="AdaptationException">Empty, mismatched or not finite input, a zero row or column, a bad setting.</exception>
    public InmapFit(Tensor features, Tensor textProxies, InmapOptions options, InmapStart? start = null)
        : this(
            features,
            textProxies,
            start?.Proxies ?? textProxies,
            start is null ? options : options with { LearningRate = start.LearningRate })
    {
    }

    /// <summary>The loop with the proxies that give the labels and those that it starts from set apart (the seed needs both).</summary>
    internal InmapFit(Tensor features, Tensor labelProxies, Tensor startProxies, InmapOptions options)
    {
        options.Validate();
        _options = options;
        _learningRate = options.LearningRate;
        _previousNorm = options.InitialGradientNorm;
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var x = Check.UnitRows(features, "features");
        var labels = Check.Proxies(labelProxies, x, "text proxies");
        var w = Check.Proxies(startProxies, x, "start proxies");
        if (w.shape[1] != labels.shape[1])
            throw new AdaptationException($"start proxies of {w.shape[1]} classes do not fit text proxies of {labels.shape[1]}");
        (_device, _images) = (x.device, x.shape[0]);
        _rows = [.. x.split(ImagesPerBlock(_device)).Select(Keep)];
        _labelProxies = Keep(labels.t().contiguous());
        _proxies = Keep(w.t().contiguous());
        _scaledProxies = Keep(_proxies.Over(options.ImageTemperature));
    }

    /// <inheritdoc/>
    public override int Total => Steps(_options, _images, _proxies.shape[0], _device).Total;

    /// <summary>Runs a whole fit.</summary>
    /// <inheritdoc cref="InmapFit(Tensor, Tensor, InmapOptions, InmapStart)" path="/param|/exception"/>
    public static InmapResult Fit(Tensor features, Tensor textProxies, InmapOptions options, InmapStart? start = null) =>
        new InmapFit(features, textProxies, options, start).RunToEnd();

    /// <summary>What the steps of a fit of so many images and classes on a device are for.</summary>
    public static InmapSteps Steps(InmapOptions options, long images, long classes, torch.Device device)
    {
        var blocks = (int)((images - 1) / ImagesPerBlock(device) + 1);
        return new InmapSteps(
            blocks,
            options.UseSinkhorn ? SinkhornFit.StepCount(blocks, images, classes, options.SinkhornIterations) : 0,
            (1 + options.Iterations) * blocks);
    }

    private static int ImagesPerBlock(torch.Device device) => device.type == DeviceType.CPU ? ImagesPerCpuBlock : ImagesPerGpuBlock;

    private protected override void Advance()
    {
        if (Completed < _rows.Length) ScoreText(_rows[Completed]);
        else if (_soft is null) Balance();
        else if (_targeted < _blocks.Count) AddToTarget();
        else Descend();
    }

    private protected override InmapResult Finish() => new(HandOver(_proxies.t(), "InMaP proxies"), _learningRate, _trace);

    private protected override void DisposeParts()
    {
        _balancing?.Dispose();
        foreach (var (x, transposed) in _blocks)
        {
            x.Dispose();
            transposed.Dispose();
        }
    }

    private void ScoreText(Tensor rows)
    {
        _blocks.Add((new PreparedFactor(rows), new PreparedFactor(rows.t())));
        Drop(rows);
        _scores.Add(Keep(_blocks[^1].X.MultiplyBy(_labelProxies)));          // [C,n]
        if (_scores.Count < _rows.Length) return;
        if (_options.UseSinkhorn)
            _balancing = new SinkhornFit(
                () => [.. _scores.Select(block => block.t())], _options.TextTemperature, _options.Gamma, _options.SinkhornIterations);
        else
            _soft = Keep(torch.cat(_scores, 1).t().contiguous().Over(_options.TextTemperature).softmax(1)); // [N,C]
        foreach (var block in _scores) Drop(block);
        Drop(_labelProxies);
    }

    private void Balance()
    {
        if (_balancing!.Step()) return;
        _soft = Keep(_balancing.Result);
        _balancing.Dispose();
    }

    /// <summary>One block's part of P^T X, with the confident rows of the labels one-hot.</summary>
    private void AddToTarget()
    {
        var first = (long)_targeted * ImagesPerBlock(_device);
        var soft = _soft!.narrow(0, first, Math.Min(ImagesPerBlock(_device), _images - first));
        var (confidence, best) = soft.max(1, keepdim: true);
        var oneHot = torch.zeros_like(soft).scatter_(1, best, torch.ones_like(confidence));
        var labels = torch.where(confidence > confidence.Filled(_options.OneHotThreshold), oneHot, soft);
        var part = _blocks[_targeted].Transposed.MultiplyBy(labels.t());     // [C,D]
        if (_target is null) _target = Keep(part);
        else _target.Plus_(part);
        if (++_targeted == _blocks.Count) Drop(_soft);
    }

    /// <summary>One block's part of the gradient; the last one moves the proxies.</summary>
    private void Descend()
    {
        var (x, transposed) = _blocks[_blocksDone];
        var predicted = x.MultiplyBy(_scaledProxies).softmax(0);             // [C,n]
        var part = transposed.MultiplyBy(predicted);                         // [C,D]
        if (_gradient is null) _gradient = Keep(part.Minus(_target!));
        else _gradient.Plus_(part);
        if (++_blocksDone < _blocks.Count) return;
        Move(_gradient);
        Drop(_gradient);
        (_gradient, _blocksDone) = (null, 0);
    }

    private void Move(Tensor gradient)
    {
        var norm = gradient.norm().ToDouble();
        if (!double.IsFinite(norm)) throw new AdaptationException("InMaP: the gradient is no longer finite; use a lower learning rate");
        if (norm > _previousNorm) _learningRate /= 2;
        _previousNorm = norm;
        _trace.Add(new InmapIteration(norm, _learningRate));

        var next = _proxies.Minus(gradient.Times(_learningRate / (_images * _options.ImageTemperature)));
        Replace(ref _proxies, _options.NormalizeColumns ? next / next.norm(1, keepdim: true).AtLeast(1e-12) : next);
        Replace(ref _scaledProxies, _proxies.Over(_options.ImageTemperature));
    }
}
