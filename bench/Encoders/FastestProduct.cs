using FewShotCluster.Bench.Onnx;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Inference.Simd;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Encoders;

/// <summary>One matrix product by the fastest of the plan's linear layers, torch's own and (float32) ONNX Runtime's.</summary>
internal sealed class FastestProduct : IDisposable
{
    private static readonly TimeSpan Enough = TimeSpan.FromMilliseconds(30);
    private readonly List<IDisposable> owned = [];
    private readonly Action fastest;

    public FastestProduct(MatrixProduct shape, ComputePlan plan, int threads)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var x = Own(rand(shape.Rows, shape.Inner, plan.Dtype, plan.Device));
        var weight = Own(rand(shape.Columns, shape.Inner, plan.Dtype, plan.Device));
        var bias = Own(rand(shape.Columns, plan.Dtype, plan.Device));
        if (!plan.IsCpu)
        {
            fastest = () => nn.functional.linear(x, weight, bias); // the only one there is
            return;
        }
        var packed = Own(plan.Kernels.PackLinear(weight));
        var kernels = new List<Action>
        {
            () => plan.Kernels.Run("linear", x, packed, bias),
            () => nn.functional.linear(x, weight, bias),
        };
        if (Own(plan.Kernels.PackBlockLinear(weight)) is PackedMatrix panels) kernels.Add(() => SimdKernels.Linear(x, panels, bias));
        if (plan.Dtype == ScalarType.Float32)
        {
            var graph = new OnnxGraph(new Dictionary<string, Tensor> { ["layer.weight"] = weight, ["layer.bias"] = bias });
            var session = Own(new OnnxSession(graph.Build(graph.Linear(graph.Rows(shape.Inner), "layer"), shape.Columns), threads));
            var rows = x.data<float>().ToArray();
            kernels.Add(() => session.Run(rows));
        }
        fastest = kernels.MinBy(Best)!;
    }

    public void Run()
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        fastest();
    }

    public void Dispose()
    {
        foreach (var item in owned) item.Dispose();
    }

    private T Own<T>(T item) where T : IDisposable
    {
        (item as Tensor)?.DetachFromDisposeScope();
        owned.Add(item);
        return item;
    }

    private static TimeSpan Best(Action kernel)
    {
        Timed(kernel);
        var (best, start) = (TimeSpan.MaxValue, TimeProvider.System.GetTimestamp());
        do best = TimeSpan.FromTicks(Math.Min(best.Ticks, Timed(kernel).Ticks));
        while (TimeProvider.System.GetElapsedTime(start) < Enough);
        return best;
    }

    private static TimeSpan Timed(Action kernel)
    {
        using var scope = NewDisposeScope();
        var start = TimeProvider.System.GetTimestamp();
        kernel();
        return TimeProvider.System.GetElapsedTime(start);
    }
}
