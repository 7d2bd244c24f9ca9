using System.Numerics;
using System.Runtime.CompilerServices;
using FewShotCluster.Vision.Inference.Simd;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// Both products of a round of <see cref="SinkhornFit"/>: <c>u = 1 / (A v)</c> and <c>A^T u</c>. On the CPU in one pass over A, which is larger
/// than the processor's caches; its sums do not depend on the number of threads.
/// </summary>
internal static unsafe class BalancingRound
{
    // A task's rows have one sum of their own.
    private const int RowsATask = 256;

    /// <param name="a">A [N,C], float64, dense.</param>
    /// <param name="v">[C]</param>
    /// <param name="u">[N], filled.</param>
    /// <returns>A^T u [C], in the dispose scope.</returns>
    public static Tensor Run(Tensor a, Tensor v, Tensor u)
    {
        if (a.device_type != DeviceType.CPU || !OpenMp.IsAvailable) return a.t().mv(u.copy_(a.mv(v).reciprocal()));
        var (rows, columns) = (a.shape[0], (int)a.shape[1]);
        var tasks = (int)((rows - 1) / RowsATask + 1);
        var parts = torch.zeros(tasks, columns, dtype: torch.ScalarType.Float64);
        fixed (byte* matrix = a.bytes, scales = v.bytes, results = u.bytes, sums = parts.bytes)
        {
            var job = new Job { A = (double*)matrix, V = (double*)scales, U = (double*)results, Sums = (double*)sums, Rows = rows, Columns = columns };
            job.Shares = new TaskShares(tasks);
            OpenMp.Run(&Body, &job);
        }
        return parts.sum(dim: 0);
    }

    private static void Body(void* state)
    {
        ref var job = ref *(Job*)state;
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            var sums = job.Sums + (long)task * job.Columns;
            for (var row = (long)task * RowsATask; row < Math.Min(job.Rows, (task + 1L) * RowsATask); row++)
                job.U[row] = Balance(job.A + row * job.Columns, job.V, sums, job.Columns);
        }
    }

    /// <summary>A row's factor; adds the scaled row to the sums while it is in the first cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Balance(double* row, double* v, double* sums, int columns)
    {
        var (vectors, width) = (columns - columns % (2 * Vector<double>.Count), Vector<double>.Count);
        Vector<double> even = default, odd = default;
        for (var c = 0; c < vectors; c += 2 * width)
        {
            even += Vector.Load(row + c) * Vector.Load(v + c);
            odd += Vector.Load(row + c + width) * Vector.Load(v + c + width);
        }
        var sum = Vector.Sum(even + odd);
        for (var c = vectors; c < columns; c++) sum += row[c] * v[c];

        var (factor, factors) = (1 / sum, new Vector<double>(1 / sum));
        for (var c = 0; c < vectors; c += width) (Vector.Load(sums + c) + factors * Vector.Load(row + c)).Store(sums + c);
        for (var c = vectors; c < columns; c++) sums[c] += factor * row[c];
        return factor;
    }

    private struct Job
    {
        public double* A, V, U, Sums;
        public long Rows;
        public int Columns;
        public TaskShares Shares;
    }
}
