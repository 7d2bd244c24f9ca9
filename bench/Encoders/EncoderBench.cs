using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Models;
using FewShotCluster.Vision.Inference;
using TorchSharp;
using static TorchSharp.torch;

namespace FewShotCluster.Bench.Encoders;

/// <summary>Compiled networks against ONNX Runtime or the plain modules, interleaved in one process.</summary>
/// <param name="options">What is measured.</param>
/// <param name="progress">Gets a step's name and its share done.</param>
public sealed class EncoderBench(EncoderBenchOptions options, Action<string, double> progress)
{
    /// <summary>All wanted workloads of a model. Sets the calling thread's number of torch threads.</summary>
    public IReadOnlyList<EncoderResult> Run(BenchModel model, CancellationToken cancellationToken)
    {
        var wanted = model.Workloads.Where(w => options.Workloads?.Contains(w.Name) ?? true);
        return [.. wanted.SelectMany(workload => options.Threads.SelectMany(threads => Run(workload, threads, cancellationToken)))];
    }

    private List<EncoderResult> Run(Workload workload, int threads, CancellationToken cancellationToken)
    {
        set_num_threads(threads);
        var plans = options.Dtypes.SelectMany(dtype => options.Kernels.Select(kernels => ComputePlan.For(options.Device, dtype, kernels)))
            .DistinctBy(plan => plan.ToString()).ToList();
        var contenders = new List<IContender>();
        try
        {
            contenders.Add(options.AgainstEager ? workload.Eager(options.Device) : new OnnxContender(workload.Onnx(), threads));
            foreach (var plan in plans) contenders.Add(workload.Compiled(plan, Title(plan)));
            return [.. options.Batches.SelectMany(batch => Compare(workload, threads, batch, contenders, plans, cancellationToken))];
        }
        finally
        {
            foreach (var contender in contenders) contender.Dispose();
        }
    }

    // Kernels are named where they are what is compared.
    private string Title(ComputePlan plan) =>
        options.Kernels.Count == 1 ? plan.DtypeName : $"{plan.DtypeName}-{plan.KernelsName.Split(' ')[0]}";

    // The opponent stands first, then one contender a plan.
    private List<EncoderResult> Compare(
        Workload workload, int threads, int batch, List<IContender> contenders, List<ComputePlan> plans,
        CancellationToken cancellationToken)
    {
        var step = $"{workload.Name} batch {batch} threads {threads}";
        progress(step, 0);
        var input = workload.Input(batch);
        var calls = contenders.ConvertAll(contender => contender.Prepare(input));
        var features = calls.ConvertAll(call => call());
        var opponent = contenders[0].Name;
        var shapes = workload.Products(batch);
        var alone = plans.Select(ProductsOf).DistinctBy(Alone).ToDictionary(Alone, plan => new ProductsAlone(shapes, plan, threads, cancellationToken));
        try
        {
            var variants = contenders.Zip(calls, (contender, call) => new Variant(contender.Name, () => call()));
            var comparison = options.Rounds.Run(
                [.. variants, .. alone.Select(products => new Variant(products.Key, products.Value.Run))], opponent, cancellationToken);
            return [.. plans.Select((plan, i) =>
            {
                var ours = comparison[contenders[i + 1].Name];
                return new EncoderResult(
                    workload.Name, batch, threads, plan, ours, comparison[opponent],
                    shapes.Sum(p => p.Operations) / ours.Milliseconds.Median / 1e6,
                    ours.Ratio.Median / comparison[Alone(ProductsOf(plan))].Ratio.Median, ProductsOf(plan).DtypeName,
                    EncoderResult.WorstCosine(features[i + 1], features[0], batch), comparison.QuietRounds, comparison.Rounds);
            })];
        }
        finally
        {
            foreach (var products in alone.Values) products.Dispose();
            progress(step, 1);
        }
    }

    // On the CPU float32's rate is what every format is held against; a GPU has units of their own for the halves.
    private ComputePlan ProductsOf(ComputePlan plan) =>
        options.Device.type == DeviceType.CPU ? ComputePlan.For(CPU, ComputeDtype.Float32) : plan;

    private static string Alone(ComputePlan plan) => $"{plan.DtypeName} products";
}
