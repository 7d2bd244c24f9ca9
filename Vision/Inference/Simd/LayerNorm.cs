using System.Runtime.CompilerServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>Layer normalisation over the last dimension: (x - mean) / sqrt(var + eps) * weight + bias, var with 1 / D.</summary>
internal static unsafe class LayerNorm
{
    // Fewer numbers are normalised before another thread has begun.
    private const int RowsATask = 4, FewNumbers = 1 << 15;

    /// <param name="x">[rows, channels]</param>
    /// <param name="weight">[channels]</param>
    /// <param name="bias">[channels]</param>
    /// <param name="y">[rows, channels]; may be x.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="channels">A multiple of 8.</param>
    /// <param name="epsilon">Added to the variance.</param>
    public static void Run<T>(T* x, T* weight, T* bias, T* y, int rows, int channels, float epsilon) where T : unmanaged, IElement<T>
    {
        var job = new Job<T> { X = x, Weight = weight, Bias = bias, Y = y, Rows = rows, Channels = channels, Epsilon = epsilon, Shares = new TaskShares((rows + RowsATask - 1) / RowsATask) };
        delegate*<void*, void> body = Lanes16.Fit(channels) ? &Body<T, Lanes16> : &Body<T, Lanes8>;
        if ((long)rows * channels <= FewNumbers) body(&job);
        else OpenMp.Run(body, &job);
    }

    private static void Body<T, TLanes>(void* state) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        ref var job = ref *(Job<T>*)state;
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            for (var row = task * RowsATask; row < Math.Min(job.Rows, (task + 1) * RowsATask); row++)
                Normalise<T, T, TLanes>(job.X + (long)row * job.Channels, job.Weight, job.Bias, job.Y + (long)row * job.Channels, job.Channels, job.Epsilon);
        }
    }

    /// <summary>One row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalise<TFrom, T, TLanes>(TFrom* x, T* weight, T* bias, T* y, int channels, float epsilon)
        where TFrom : unmanaged, IElement<TFrom> where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        TLanes sum = TLanes.Create(0), squares = sum;
        for (var c = 0; c < channels; c += TLanes.Count) sum += TFrom.Load<TLanes>(x + c);
        var mean = TLanes.Create(sum.Sum() / channels);
        for (var c = 0; c < channels; c += TLanes.Count)
        {
            var difference = TFrom.Load<TLanes>(x + c) - mean;
            squares = TLanes.MultiplyAdd(difference, difference, squares);
        }
        var scale = TLanes.Create(1 / MathF.Sqrt(squares.Sum() / channels + epsilon));
        for (var c = 0; c < channels; c += TLanes.Count)
        {
            var normal = (TFrom.Load<TLanes>(x + c) - mean) * scale;
            T.Store(TLanes.MultiplyAdd(normal, T.Load<TLanes>(weight + c), T.Load<TLanes>(bias + c)), y + c);
        }
    }

    private struct Job<T> where T : unmanaged
    {
        public T* X, Weight, Bias, Y;
        public int Rows, Channels;
        public TaskShares Shares;
        public float Epsilon;
    }
}
