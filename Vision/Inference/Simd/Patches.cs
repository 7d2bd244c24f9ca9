namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// Pixels in the order of a picture's patches: what makes a convolution whose stride is its size a linear layer. Pixels may go through a
/// layer norm on the way. Rows and columns that fill no patch are left out, as convolutions do.
/// </summary>
internal static unsafe class Patches
{
    /// <param name="x">[images, height, width, channels]</param>
    /// <param name="norm">[channels], a layer norm's weight; null: pixels stay as they are.</param>
    /// <param name="normBias">[channels]</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">[images, height / side, width / side, side * side * channels], filled.</param>
    /// <param name="images">Number of pictures.</param>
    /// <param name="height">Of a picture.</param>
    /// <param name="width">Of a picture.</param>
    /// <param name="channels">With a norm, a multiple of 8.</param>
    /// <param name="side">Of a patch, pixels.</param>
    public static void Order<T>(
        T* x, T* norm, T* normBias, float epsilon, T* y, int images, int height, int width, int channels, int side)
        where T : unmanaged, IElement<T>
    {
        var job = new Job<T>
        {
            X = x,
            Norm = norm,
            NormBias = normBias,
            Epsilon = epsilon,
            Y = y,
            Height = height,
            Width = width,
            Channels = channels,
            Side = side,
            Shares = new TaskShares(images * (height / side)),
        };
        if (Lanes16.Fit(channels)) OpenMp.Run(&Body<T, Lanes16>, &job);
        else OpenMp.Run(&Body<T, Lanes8>, &job);
    }

    /// <summary>A task is a row of patches.</summary>
    private static void Body<T, TLanes>(void* state) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        ref var job = ref *(Job<T>*)state;
        var (down, across) = (job.Height / job.Side, job.Width / job.Side);
        var line = job.Side * job.Channels; // of a patch: neighbours in memory
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            var (image, row) = Math.DivRem(task, down);
            for (var dy = 0; dy < job.Side; dy++)
            {
                var from = job.X + ((long)image * job.Height + row * job.Side + dy) * job.Width * job.Channels;
                var to = job.Y + ((long)task * across * job.Side + dy) * line;
                for (var column = 0; column < across; column++, from += line, to += (long)job.Side * line)
                    Line<T, TLanes>(ref job, from, to, line);
            }
        }
    }

    private static void Line<T, TLanes>(ref Job<T> job, T* from, T* to, int line) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        if (job.Norm is null)
        {
            new ReadOnlySpan<T>(from, line).CopyTo(new Span<T>(to, line));
            return;
        }
        for (var c = 0; c < line; c += job.Channels)
            LayerNorm.Normalise<T, T, TLanes>(from + c, job.Norm, job.NormBias, to + c, job.Channels, job.Epsilon);
    }

    private struct Job<T> where T : unmanaged
    {
        public T* X, Norm, NormBias, Y;
        public int Height, Width, Channels, Side;
        public float Epsilon;
        public TaskShares Shares;
    }
}
