using System.Runtime.CompilerServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// A linear layer on AVX2: y = activation(x W^T + bias + residual). A panel's weights stay in the first-level cache while a block
/// of rows, which stays in the second-level one, goes past; blocks are taken by whichever thread is free. A sum is always taken in the
/// same order, whatever rows are beside it.
/// </summary>
internal static unsafe class MatrixProduct
{
    private const int MostRows = 96, OuterDepth = 1024, InnerDepth = 256, Panel = PackedMatrix.Panel;
    private const int TasksAThread = 8, MinPanelsATask = 2;

    /// <param name="x">[rows, inputs]</param>
    /// <param name="weights">[outputs, inputs]</param>
    /// <param name="bias">[outputs]</param>
    /// <param name="residual">[rows, outputs], or null.</param>
    /// <param name="y">[rows, outputs]</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="activation">What comes last.</param>
    public static void Run(float* x, PackedMatrix weights, float* bias, float* residual, float* y, int rows, Activation activation)
    {
        var rowBlocks = (rows + MostRows - 1) / MostRows;
        // All of nearly the same size: a last block of few rows would cost as much memory traffic as a whole one.
        var blockRows = ((rows + rowBlocks - 1) / rowBlocks + RowKernel.MaxRows - 1) / RowKernel.MaxRows * RowKernel.MaxRows;
        rowBlocks = (rows + blockRows - 1) / blockRows;
        var chunks = Math.Clamp(TasksAThread * OpenMp.Threads / rowBlocks, 1, Math.Max(1, weights.Panels / MinPanelsATask));
        var job = new Job
        {
            X = x,
            W = weights.Values,
            Bias = bias,
            Residual = residual,
            Y = y,
            Rows = rows,
            BlockRows = blockRows,
            Inputs = weights.Inputs,
            Outputs = weights.Outputs,
            Panels = weights.Panels,
            Chunks = chunks,
            Tasks = rowBlocks * chunks,
            Activation = activation,
        };
        OpenMp.Run(&Body, &job);
        GC.KeepAlive(weights);
    }

    private static void Body(void* state)
    {
        ref var job = ref *(Job*)state;
        for (int task; (task = Interlocked.Increment(ref job.Started) - 1) < job.Tasks;)
            Block(ref job, task);
    }

    private static void Block(ref Job job, int task)
    {
        var (first, chunk) = (task / job.Chunks * job.BlockRows, task % job.Chunks);
        var rows = Math.Min(job.BlockRows, job.Rows - first);
        var (from, to) = (chunk * job.Panels / job.Chunks, (chunk + 1) * job.Panels / job.Chunks);
        var tile = stackalloc float[MostRows * Panel];
        for (var outer = 0; outer < job.Inputs; outer += OuterDepth)
        {
            var end = Math.Min(outer + OuterDepth, job.Inputs);
            for (var panel = from; panel < to; panel++)
            {
                var y = job.Y + (long)first * job.Outputs + panel * Panel;
                var columns = Math.Min(Panel, job.Outputs - panel * Panel);
                if (outer > 0) Copy(y, job.Outputs, tile, Panel, rows, columns);
                for (var k = outer; k < end; k += InnerDepth)
                {
                    var weights = job.W + ((long)panel * job.Inputs + k) * Panel;
                    RowKernel.Multiply(
                        rows, job.X + (long)first * job.Inputs + k, job.Inputs, weights, tile, Panel, Math.Min(InnerDepth, end - k),
                        add: k > 0, panel + 1 < to ? weights + (long)job.Inputs * Panel : null);
                }
                if (end < job.Inputs) Copy(tile, Panel, y, job.Outputs, rows, columns);
                else if (CpuFeatures.HasAvx512) Finish<Lanes16>(ref job, tile, y, first, rows, panel * Panel, columns);
                else Finish<Lanes8>(ref job, tile, y, first, rows, panel * Panel, columns);
            }
        }
    }

    private static void Copy(float* from, int strideFrom, float* to, int strideTo, int rows, int columns)
    {
        for (var row = 0; row < rows; row++)
            new ReadOnlySpan<float>(from + (long)row * strideFrom, columns).CopyTo(new Span<float>(to + (long)row * strideTo, columns));
    }

    private static void Finish<TLanes>(ref Job job, float* tile, float* y, int first, int rows, int column, int columns)
        where TLanes : struct, ILanes<TLanes>
    {
        switch (job.Activation)
        {
            case Activation.None: Finish<Identity, TLanes>(ref job, tile, y, first, rows, column, columns); break;
            case Activation.Relu: Finish<Relu, TLanes>(ref job, tile, y, first, rows, column, columns); break;
            case Activation.Silu: Finish<Silu, TLanes>(ref job, tile, y, first, rows, column, columns); break;
            case Activation.Gelu: Finish<Gelu, TLanes>(ref job, tile, y, first, rows, column, columns); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish<TActivation, TLanes>(ref Job job, float* tile, float* y, int first, int rows, int column, int columns)
        where TActivation : IActivation where TLanes : struct, ILanes<TLanes>
    {
        var residual = job.Residual is null ? null : job.Residual + (long)first * job.Outputs + column;
        for (var row = 0; row < rows; row++)
        {
            float* sums = tile + row * Panel, target = y + (long)row * job.Outputs;
            var old = residual is null ? null : residual + (long)row * job.Outputs;
            var c = 0;
            for (; c + TLanes.Count <= columns; c += TLanes.Count)
            {
                var value = TLanes.Load(sums + c) + TLanes.Load(job.Bias + column + c);
                if (old is not null) value += TLanes.Load(old + c);
                TActivation.Apply(value).Store(target + c);
            }
            if (c == columns) continue;
            var rest = c; // the tile is a whole panel wide, outputs are not
            for (; c < columns; c++) sums[c] += job.Bias[column + c] + (old is null ? 0 : old[c]);
            TActivation.Apply(TLanes.Load(sums + rest)).Store(sums + rest);
            for (c = rest; c < columns; c++) target[c] = sums[c];
        }
    }

    private struct Job
    {
        public float* X, W, Bias, Residual, Y;
        public int Rows, BlockRows, Inputs, Outputs, Panels, Chunks, Tasks, Started;
        public Activation Activation;
    }
}
