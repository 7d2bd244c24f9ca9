using System.Globalization;
using System.Numerics.Tensors;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Vision.Inference;

namespace FewShotCluster.Bench.Encoders;

/// <summary>One network at one batch size and number of threads.</summary>
/// <param name="Workload">What ran.</param>
/// <param name="Batch">Rows a call.</param>
/// <param name="Threads">Of torch and of the opponent.</param>
/// <param name="Plan">Number format and kernels of ours.</param>
/// <param name="Ours">The compiled network.</param>
/// <param name="Opponent">What it was compared with.</param>
/// <param name="GigaflopsPerSecond">Of products with weights, as the network's authors have them.</param>
/// <param name="ProductShare">The time that these products alone take, to ours (see <see cref="ProductsAlone"/>).</param>
/// <param name="ProductDtype">Number format of the products alone.</param>
/// <param name="Cosine">Of our features and the opponent's, the worst row.</param>
/// <param name="QuietRounds">Rounds without a busy neighbour.</param>
/// <param name="Rounds">All rounds.</param>
public sealed record EncoderResult(
    string Workload, int Batch, int Threads, ComputePlan Plan, Timing Ours, Timing Opponent, double GigaflopsPerSecond, double ProductShare,
    string ProductDtype, double Cosine, int QuietRounds, int Rounds)
{
    private const double SameInFloat32 = 0.99999, SameInHalf = 0.999;

    /// <summary>Whether both computed the same.</summary>
    public bool Agrees => Cosine >= (Plan.DtypeName == "float32" ? SameInFloat32 : SameInHalf);

    public Figure ToFigure() => new(
        $"{Workload}/batch-{Batch}/threads-{Threads}/{Ours.Name}", Ours.Milliseconds.Median, "ms", Opponent.Name, Ours.Ratio.Median,
        Ours.Ratio.Low, Ours.Ratio.High, string.Create(CultureInfo.InvariantCulture,
            $"{Plan.KernelsName}; {GigaflopsPerSecond:0} GFLOP/s, {100 * ProductShare:0} % of the rate of its {ProductDtype} products alone; "
            + $"{QuietRounds} of {Rounds} rounds quiet; cosine {Cosine:0.000000}"));

    /// <summary>The worst cosine between rows of the same place.</summary>
    internal static double WorstCosine(float[] ours, float[] theirs, int batch)
    {
        var width = ours.Length / batch;
        return Enumerable.Range(0, batch)
            .Min(row => TensorPrimitives.CosineSimilarity<float>(ours.AsSpan(row * width, width), theirs.AsSpan(row * width, width)));
    }
}
