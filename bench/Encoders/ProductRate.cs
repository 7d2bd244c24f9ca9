using FewShotCluster.Bench.Onnx;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Inference.Simd;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Encoders;

/// <summary>
/// How fast this machine multiplies the matrices of a network, each product on its own by the fastest kernel at hand: the plan's own
/// linear layers, torch's, and (float32) ONNX Runtime's. What a network could reach if everything else took no time; Winograd's
/// convolutions, which multiply less, may reach more.
/// </summary>
internal static class ProductRate
{
    private static readonly TimeSpan Enough = TimeSpan.FromMilliseconds(30);

    /// <summary>Seconds of all products.</summary>
    public static double Seconds(IEnumerable<MatrixProduct> products, ComputePlan plan, int threads, CancellationToken cancellationToken)
    {
        var seconds = 0.0;
        foreach (var shape in products.GroupBy(p => (p.Rows, p.Columns, p.Inner)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            seconds += shape.Sum(p => p.Count) * Fastest(shape.First(), plan, threads);
        }
        return seconds;
    }

    private static double Fastest(MatrixProduct shape, ComputePlan plan, int threads)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var x = rand(shape.Rows, shape.Inner, plan.Dtype, plan.Device);
        var weight = rand(shape.Columns, shape.Inner, plan.Dtype, plan.Device);
        var bias = rand(shape.Columns, plan.Dtype, plan.Device);
        var packed = plan.Kernels.PackLinear(weight);
        using var own = plan.Kernels.PackBlockLinear(weight);
        var best = Math.Min(Best(() => plan.Kernels.Run("linear", x, packed, bias)), Best(() => nn.functional.linear(x, weight, bias)));
        if (own is PackedMatrix panels) best = Math.Min(best, Best(() => SimdKernels.Linear(x, panels, bias)));
        if (plan.Dtype != ScalarType.Float32) return best;

        var graph = new OnnxGraph(new Dictionary<string, Tensor> { ["layer.weight"] = weight });
        var product = graph.MatMul(graph.Rows(shape.Inner), graph.Transposed("layer.weight"));
        using var session = new OnnxSession(graph.Build(product, shape.Columns), threads);
        var rows = x.data<float>().ToArray();
        return Math.Min(best, Best(() => session.Run(rows)));
    }

    // The best of a few: a rate that was reached, whatever else the machine did.
    private static double Best<T>(Func<T> call)
    {
        Timed(call);
        var (best, start) = (double.MaxValue, TimeProvider.System.GetTimestamp());
        do best = Math.Min(best, Timed(call));
        while (TimeProvider.System.GetElapsedTime(start) < Enough);
        return best;
    }

    private static double Timed<T>(Func<T> call)
    {
        using var scope = NewDisposeScope();
        var start = TimeProvider.System.GetTimestamp();
        call();
        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }
}
