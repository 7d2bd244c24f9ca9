using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>Layer normalisation over the last dimension, float32: (x - mean) / sqrt(var + eps) * weight + bias, var with 1 / D.</summary>
internal static unsafe class LayerNorm
{
    private const int RowsATask = 4;

    /// <param name="x">[rows, channels]</param>
    /// <param name="weight">[channels]</param>
    /// <param name="bias">[channels]</param>
    /// <param name="y">[rows, channels]; may be x.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="channels">A multiple of 8.</param>
    /// <param name="epsilon">Added to the variance.</param>
    public static void Run(float* x, float* weight, float* bias, float* y, int rows, int channels, float epsilon)
    {
        var job = new Job { X = x, Weight = weight, Bias = bias, Y = y, Rows = rows, Channels = channels, Epsilon = epsilon };
        OpenMp.Run(&Body, &job);
    }

    [UnmanagedCallersOnly]
    private static void Body(void* state)
    {
        ref var job = ref *(Job*)state;
        for (int task; (task = Interlocked.Increment(ref job.Started) - 1) * RowsATask < job.Rows;)
        {
            for (var row = task * RowsATask; row < Math.Min(job.Rows, (task + 1) * RowsATask); row++)
                Normalise(ref job, job.X + (long)row * job.Channels, job.Y + (long)row * job.Channels);
        }
    }

    private static void Normalise(ref Job job, float* x, float* y)
    {
        Vector256<float> sum = default, squares = default;
        for (var c = 0; c < job.Channels; c += 8) sum += Vector256.Load(x + c);
        var mean = Vector256.Create(Vector256.Sum(sum) / job.Channels);
        for (var c = 0; c < job.Channels; c += 8)
        {
            var difference = Vector256.Load(x + c) - mean;
            squares = Fma.MultiplyAdd(difference, difference, squares);
        }
        var scale = Vector256.Create(1 / MathF.Sqrt(Vector256.Sum(squares) / job.Channels + job.Epsilon));
        for (var c = 0; c < job.Channels; c += 8)
            Fma.MultiplyAdd((Vector256.Load(x + c) - mean) * scale, Vector256.Load(job.Weight + c), Vector256.Load(job.Bias + c)).Store(y + c);
    }

    private struct Job
    {
        public float* X, Weight, Bias, Y;
        public int Rows, Channels, Started;
        public float Epsilon;
    }
}
