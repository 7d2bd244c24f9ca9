using FewShotCluster.Bench.Encoders;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Models;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Adaptation;

/// <summary>How long the fits of a class set take, on features drawn at random: speed does not depend on what they are.</summary>
/// <param name="device">Where the features are.</param>
/// <param name="sizes">Of the set.</param>
/// <param name="fits">Which of <see cref="Fits"/>.</param>
/// <param name="rounds">How it is timed.</param>
/// <param name="progress">Gets a step's name and its share done.</param>
public sealed class AdaptationBench(
    Device device, AdaptationSizes sizes, IReadOnlyCollection<string> fits, Interleaved rounds, Action<string, double> progress)
{
    /// <summary>What is timed.</summary>
    public static readonly IReadOnlyList<string> Fits = ["inmap", "lp++", "gda", "onzeta", "refiner"];

    private const int MeasuredViews = 16, ViewResolution = 224, ViewBatch = 8;

    /// <summary>Everything, by number of threads. Sets the calling thread's number of torch threads.</summary>
    public IReadOnlyList<Figure> Run(int threads, CancellationToken cancellationToken)
    {
        set_num_threads(threads);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        manual_seed(1);
        var figures = new List<Figure>();
        Step("inmap", "InMaP and its products", () => figures.Add(Inmap(threads, cancellationToken)));
        Step("lp++", "LP++", () => figures.AddRange(Probe(threads, cancellationToken)));
        Step("gda", "GDA", () => figures.Add(Gda(threads, cancellationToken)));
        Step("onzeta", "OnZeta", () => figures.Add(OnZeta(threads, cancellationToken)));
        Step("refiner", "the refiner's head", () => figures.AddRange(Refiner(threads, cancellationToken)));
        return figures;

        void Step(string fit, string name, Action measure)
        {
            if (!fits.Contains(fit)) return;
            progress(name, 0);
            measure();
            progress(name, 1);
        }
    }

    private Figure Inmap(int threads, CancellationToken cancellationToken)
    {
        var (x, text) = (Unit(sizes.Images), Unit(sizes.Classes).t());
        var options = InmapOptions.Paper with { Iterations = sizes.Iterations };
        // X W and X^T P of every iteration, X T and X^T P of the labels.
        MatrixProduct[] shapes =
        [
            new(sizes.Images, sizes.Classes, sizes.Dimension, sizes.Iterations + 1),
            new(sizes.Dimension, sizes.Classes, sizes.Images, sizes.Iterations + 1),
        ];
        using var alone = new ProductsAlone(shapes, ComputePlan.For(device, ComputeDtype.Float32), threads, cancellationToken);
        var comparison = rounds.Run(
            [new("products", alone.Run), new("refit", () => Finished(() => InmapFit.Fit(x, text, options).Dispose()))], "products", cancellationToken);
        var (refit, products) = (comparison["refit"], comparison["products"]);
        return new Figure(
            $"inmap/{sizes.Images}x{sizes.Dimension}/classes-{sizes.Classes}/iterations-{sizes.Iterations}/threads-{threads}",
            refit.Milliseconds.Median, "ms", "its matrix products alone", refit.Ratio.Median, refit.Ratio.Low, refit.Ratio.High,
            $"{1 / refit.Ratio.Median:0.00} times the products ({products.Milliseconds.Median:0} ms, "
            + $"{shapes.Sum(s => s.Operations) / products.Milliseconds.Median / 1e6:0} GFLOP/s)");
    }

    private IEnumerable<Figure> Probe(int threads, CancellationToken cancellationToken)
    {
        var (shots, text) = (Shots(sizes.Seen), Unit(sizes.Seen).t());
        yield return Time(
            $"lp++/{sizes.Seen}x{sizes.Shots}/epochs-300/threads-{threads}", cancellationToken,
            () => LpPlusPlusFit.Fit(shots, text, LpPlusPlusOptions.Paper).Dispose());
        yield return Time(
            $"lp++/{sizes.Seen}x{sizes.Shots}/cross-validation/threads-{threads}", cancellationToken,
            () => new ProbeCrossValidation(shots, text, LpPlusPlusOptions.Paper).RunToEnd().Dispose());
    }

    private Figure Gda(int threads, CancellationToken cancellationToken)
    {
        using var gda = GaussianDiscriminant.Fit(Shots(sizes.Seen), sizes.Seen);
        var added = Unit(sizes.Shots);
        return Time($"gda/{sizes.Seen}x{sizes.Shots}/class-added/threads-{threads}", cancellationToken, () =>
        {
            using var more = gda.WithClass(added);
            more.Probe(100).Dispose();
        });
    }

    private Figure OnZeta(int threads, CancellationToken cancellationToken)
    {
        const int images = 500;
        var (x, text) = (Unit(images), Unit(sizes.Classes).t());
        var time = Time(
            $"onzeta/classes-{sizes.Classes}/image/threads-{threads}", cancellationToken,
            () => OnZetaFit.Fit(x, text, OnZetaOptions.Paper).Dispose());
        return time with { Value = time.Value / images, Low = time.Low / images, High = time.High / images };
    }

    /// <summary>Features of all views are projected from some, as a bench of hours helps nobody; the head is fitted on as many rows.</summary>
    private IEnumerable<Figure> Refiner(int threads, CancellationToken cancellationToken)
    {
        var name = $"refiner-head/{sizes.Family}x{sizes.Shots}x{sizes.Views}";
        using var network = (ConvNeXtV2)TrueSize.All.Single(model => model.Name == "convnextv2-base").Random(seed: 1);
        using var compiled = new CompiledConvNeXtV2(network, ComputePlan.For(device), ViewResolution);
        var images = rand([ViewBatch, 3, ViewResolution, ViewResolution], compiled.Plan.Dtype, device);
        var encoding = Time(name, cancellationToken, () =>
        {
            using var scope = NewDisposeScope();
            for (var i = 0; i < MeasuredViews; i += ViewBatch) compiled.Features(images);
        });
        var views = sizes.Family * sizes.Shots * sizes.Views;
        var labels = Labels(views, sizes.Family);
        var features = randn(views, network.Dims[3], device: device);
        var head = Time(name, cancellationToken, () => RefinerHeadFit.Fit(new LabelledFeatures(features, labels), sizes.Family, RefinerHeadOptions.Default).Dispose());
        var seconds = encoding.Value / MeasuredViews * views / 1000;
        yield return head with { Name = $"{name}/fit/threads-{threads}" };
        yield return new Figure($"{name}/views-and-fit/threads-{threads}", seconds + head.Value / 1000, "s")
        {
            Note = $"{views} views at {ViewResolution}, projected from {MeasuredViews} ({encoding.Value / MeasuredViews:0} ms a view), and the fit",
        };
    }

    private Figure Time(string name, CancellationToken cancellationToken, Action call)
    {
        var timing = rounds.Run([new(name, () => Finished(call))], name, cancellationToken)[name];
        return new Figure(name, timing.Milliseconds.Median, "ms", Low: timing.Milliseconds.Low, High: timing.Milliseconds.High);
    }

    // A GPU computes on after the call.
    private void Finished(Action call)
    {
        call();
        if (device.type == DeviceType.CUDA) cuda.synchronize();
    }

    private Tensor Labels(int rows, int classes) =>
        tensor(Enumerable.Range(0, rows).Select(row => (long)(row % classes)).ToArray(), device: device);

    private Tensor Unit(int rows)
    {
        var drawn = randn(rows, sizes.Dimension, device: device);
        return drawn / drawn.norm(1, keepdim: true);
    }

    private LabelledFeatures Shots(int classes) =>
        new(Unit(classes * sizes.Shots), Labels(classes * sizes.Shots, classes));
}
