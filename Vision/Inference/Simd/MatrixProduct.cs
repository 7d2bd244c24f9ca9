namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// A linear layer in float32 on <see cref="RowKernel"/>: y = activation(x W^T + bias + residual). A panel's weights stay in the first-level cache while a block
/// of rows, which stays in the second-level one, goes past; blocks are taken by whichever thread is free. A sum is always taken in the
/// same order, whatever rows are beside it.
/// </summary>
internal static unsafe class MatrixProduct
{
    private const int MostRows = 96, OuterDepth = 1024, InnerDepth = 256, Panel = RowKernel.Panel;
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
            W = (float*)weights.Values,
            Bias = bias,
            Residual = residual,
            Y = y,
            Rows = rows,
            BlockRows = blockRows,
            Inputs = weights.Inputs,
            Outputs = weights.Outputs,
            Panels = weights.Panels,
            Chunks = chunks,
            Shares = new TaskShares(rowBlocks * chunks),
            Activation = activation,
        };
        OpenMp.Run(&Body, &job);
        GC.KeepAlive(weights);
    }

    private static void Body(void* state)
    {
        ref var job = ref *(Job*)state;
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
            Block(ref job, task);
    }

    private static void Block(ref Job job, int task)
    {
        var (first, chunk) = (task / job.Chunks * job.BlockRows, task % job.Chunks);
        var rows = Math.Min(job.BlockRows, job.Rows - first);
        var (from, to) = (chunk * job.Panels / job.Chunks, (chunk + 1) * job.Panels / job.Chunks);
        var tile = stackalloc float[MostRows * Panel];
        var finish = new ProductEpilogue<Float32>((Float32*)job.Bias, (Float32*)job.Residual, (Float32*)job.Y, job.Outputs, job.Activation);
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
                else finish.Run(tile, Panel, first, rows, panel * Panel, columns);
            }
        }
    }

    private static void Copy(float* from, int strideFrom, float* to, int strideTo, int rows, int columns)
    {
        for (var row = 0; row < rows; row++)
            new ReadOnlySpan<float>(from + (long)row * strideFrom, columns).CopyTo(new Span<float>(to + (long)row * strideTo, columns));
    }

    private struct Job
    {
        public float* X, W, Bias, Residual, Y;
        public int Rows, BlockRows, Inputs, Outputs, Panels, Chunks;
        public TaskShares Shares;
        public Activation Activation;
    }
}
