using System.Runtime.CompilerServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// A linear layer, y = activation(x W^T + bias + residual), in float32 on <see cref="RowKernel"/> or in bfloat16 on <see cref="Brgemm"/>: a
/// block of rows, which stays in the second-level cache, meets one panel of weights after the other, and each result is finished while it
/// is in the first-level one. Sums are float32's and depend on no row beside them.
/// </summary>
internal static unsafe class MatrixProduct
{
    private const int MostRows = 100, FewestRows = 32, BrgemmRowStep = 2, CachedBytes = 512 << 10, LongRowBytes = 8 << 10, TasksAThread = 6;
    private const int PageBytes = 4096, CacheLine = 64, FewestPagedRows = 12;

    /// <param name="x">[rows, inputs]</param>
    /// <param name="weights">[outputs, inputs]</param>
    /// <param name="bias">[outputs]</param>
    /// <param name="residual">[rows, outputs], or null.</param>
    /// <param name="y">[rows, outputs]; neither x nor the residual.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="activation">What comes last.</param>
    /// <param name="scales">[rows / rowsAScale, inputs]: what x is multiplied with first; null: nothing.</param>
    /// <param name="rowsAScale">Rows that share one.</param>
    public static void Run<T>(
        T* x, PackedMatrix weights, T* bias, T* residual, T* y, int rows, Activation activation, float* scales = null, int rowsAScale = 1)
        where T : unmanaged, IElement<T>
    {
        var threads = OpenMp.Threads;
        var most = Math.Clamp(CachedBytes / (weights.Inputs * sizeof(T)), FewestRows, MostRows);
        var blocks = (rows + most - 1) / most;
        // As many for each thread, and all of one size: the last begins earlier rather than be smaller.
        if (blocks > 1) blocks = (blocks + threads - 1) / threads * threads;
        var blockRows = (rows + blocks - 1) / blocks;
        if (typeof(T) == typeof(BrainFloat)) blockRows = Brgemm.Whole(blockRows, BrgemmRowStep);
        blocks = (rows + blockRows - 1) / blockRows;
        // Rows that lie whole pages apart share few lines of the first-level cache: they are copied.
        var isPaged = weights.Inputs * sizeof(T) % PageBytes == 0 && blockRows > FewestPagedRows;
        var isCopied = isPaged || scales is not null || blockRows > rows;
        var chunks = Math.Clamp((threads * TasksAThread + blocks - 1) / blocks, 1, weights.Panels);
        var job = new Job<T>
        {
            X = x,
            W = (T*)weights.Values,
            Bias = bias,
            Residual = residual,
            Y = y,
            Rows = rows,
            BlockRows = blockRows,
            Inputs = weights.Inputs,
            Outputs = weights.Outputs,
            Panels = weights.Panels,
            Panel = weights.Panel,
            // Two rows of inputs beyond that size crowd the weights out of the second-level cache.
            Depth = weights.Inputs * sizeof(T) > LongRowBytes ? LongRowBytes / 2 / sizeof(T) : weights.Inputs,
            Chunks = chunks,
            Scales = scales,
            RowsAScale = rowsAScale,
            StrideX = isCopied ? weights.Inputs + CacheLine / sizeof(T) : weights.Inputs,
            Shares = new TaskShares(blocks * chunks),
            Activation = activation,
        };
        OpenMp.Run(&Body<T>, &job);
        GC.KeepAlive(weights);
    }

    private static void Body<T>(void* state) where T : unmanaged, IElement<T>
    {
        ref var job = ref *(Job<T>*)state;
        var panelsATask = job.Depth == job.Inputs ? 1 : (job.Panels + job.Chunks - 1) / job.Chunks;
        var sums = (long)panelsATask * job.BlockRows * job.Panel;
        var tile = ThreadScratch.Of(sums + (job.StrideX == job.Inputs ? 0 : (long)job.BlockRows * job.StrideX));
        var copied = -1;
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
            Block(ref job, task, tile, (T*)(tile + sums), ref copied);
        if (typeof(T) == typeof(BrainFloat)) Brgemm.Release();
    }

    private static void Block<T>(ref Job<T> job, int task, float* tile, T* copy, ref int copied) where T : unmanaged, IElement<T>
    {
        var (block, chunk) = Math.DivRem(task, job.Chunks);
        var first = Math.Max(0, Math.Min(block * job.BlockRows, job.Rows - job.BlockRows));
        var rows = Math.Min(job.BlockRows, job.Rows);
        var (from, to) = ((int)((long)chunk * job.Panels / job.Chunks), (int)((chunk + 1L) * job.Panels / job.Chunks));
        var finish = new ProductEpilogue<T>(job.Bias, job.Residual, job.Y, job.Outputs, job.Activation);
        var x = job.X + (long)first * job.Inputs;
        if (job.StrideX != job.Inputs)
        {
            if (block != copied) CopyRows(ref job, first, rows, copy);
            copied = block;
            x = copy;
        }
        for (var k = 0; k < job.Inputs; k += job.Depth)
        {
            var depth = Math.Min(job.Depth, job.Inputs - k);
            for (var panel = from; panel < to; panel++)
            {
                // Sums of all panels wait for the next part of the inputs, if there is one.
                var sums = depth == job.Inputs ? tile : tile + (long)(panel - from) * job.BlockRows * job.Panel;
                var weights = job.W + ((long)panel * job.Inputs + k) * job.Panel;
                Multiply(job.BlockRows, depth, x + k, job.StrideX, weights, sums, k > 0, weights + (long)job.Inputs * job.Panel);
                if (k + depth == job.Inputs)
                    finish.Run(sums, job.Panel, first, rows, panel * job.Panel, Math.Min(job.Panel, job.Outputs - panel * job.Panel));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<T>(int rows, int depth, T* a, int strideA, T* b, float* c, bool add, T* next) where T : unmanaged, IElement<T>
    {
        if (typeof(T) == typeof(BrainFloat)) Brgemm.Multiply(rows, depth, a, strideA, b, c, add);
        else RowKernel.Multiply(rows, depth, (float*)a, strideA, (float*)b, c, RowKernel.Panel, add, (float*)next);
    }

    // A thread's tasks are mostly of one block: it is copied for the first of them.
    private static void CopyRows<T>(ref Job<T> job, int first, int rows, T* copy) where T : unmanaged, IElement<T>
    {
        for (var row = 0; row < rows; row++) Copy(ref job, first + row, copy + (long)row * job.StrideX);
        new Span<T>(copy + (long)rows * job.StrideX, (job.BlockRows - rows) * job.StrideX).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<T>(ref Job<T> job, int row, T* to) where T : unmanaged, IElement<T>
    {
        var from = job.X + (long)row * job.Inputs;
        if (job.Scales is null)
        {
            new ReadOnlySpan<T>(from, job.Inputs).CopyTo(new Span<T>(to, job.Inputs));
            return;
        }
        var scale = job.Scales + (long)(row / job.RowsAScale) * job.Inputs;
        if (Lanes16.Fit(job.Inputs)) VectorMath.Multiply<T, Lanes16>(from, scale, to, job.Inputs);
        else VectorMath.Multiply<T, Lanes8>(from, scale, to, job.Inputs);
    }

    private struct Job<T> where T : unmanaged
    {
        public T* X, W, Bias, Residual, Y;
        public float* Scales;
        public int Rows, BlockRows, Inputs, Outputs, Panels, Panel, Depth, Chunks, StrideX, RowsAScale;
        public TaskShares Shares;
        public Activation Activation;
    }
}
