using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// ConvNeXt's 7x7 depthwise convolution, stride 1, padding 3, with the layer norm over channels behind it. A tile of the picture is taken a
/// register of channels at a time, copied together (pixels lie far apart, in few lines of the first-level cache), and seven
/// neighbouring sums are made in registers, each input read once for all. Sums and norm are float32's in any number format.
/// </summary>
internal sealed unsafe class DepthwiseConvolution : IDisposable
{
    private const int Side = 7, Padding = Side / 2, Outputs = 7;

    // Of a tile: its inputs, a register of channels each, fill half of the first-level cache.
    private const int MostRows = 7, MostColumns = 4 * Outputs;

    private readonly int channels;
    private readonly WeightMemory weights; // [channels / register][7][7][register]

    /// <param name="weight">[channels, 1, 7, 7], float32 or bfloat16; its owner's.</param>
    public DepthwiseConvolution(Tensor weight)
    {
        channels = (int)weight.shape[0];
        using var scope = NewDisposeScope();
        var register = Lanes16.Fit(channels) ? Lanes16.Count : Lanes8.Count;
        weights = new WeightMemory(weight.to(ScalarType.Float32).view(channels / register, register, Side, Side).permute(0, 2, 3, 1));
    }

    /// <summary>Whether a convolution's weights [out, in / groups, k, k] are of the kind.</summary>
    public static bool Supports(Tensor weight) =>
        weight.shape is [var channels, 1, Side, Side] && channels % Lanes8.Count == 0 && weight.dtype is ScalarType.Float32 or ScalarType.BFloat16;

    /// <summary>norm(conv(x) + bias); all tensors in one number format, on the CPU.</summary>
    /// <param name="x">[N, H, W, channels], contiguous.</param>
    /// <param name="bias">[channels]</param>
    /// <param name="norm">[channels], the norm's weight.</param>
    /// <param name="normBias">[channels]</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>[N, H, W, channels]; belongs to the caller's dispose scope.</returns>
    public Tensor Run(Tensor x, Tensor bias, Tensor norm, Tensor normBias, float epsilon)
    {
        var result = empty_like(x);
        if (x.dtype == ScalarType.BFloat16) Run<BrainFloat>(x, bias, norm, normBias, epsilon, result);
        else Run<Float32>(x, bias, norm, normBias, epsilon, result);
        return result;
    }

    public void Dispose() => weights.Dispose();

    private void Run<T>(Tensor x, Tensor bias, Tensor norm, Tensor normBias, float epsilon, Tensor result) where T : unmanaged, IElement<T>
    {
        fixed (byte* input = x.bytes, offsets = bias.bytes, scales = norm.bytes, shifts = normBias.bytes, output = result.bytes)
        {
            var (images, height, width) = (x.Size(0), x.Size(1), x.Size(2));
            var across = (width + MostColumns - 1) / MostColumns;
            var down = Math.Max((height + MostRows - 1) / MostRows, Math.Min(height, (OpenMp.Threads + images * across - 1) / (images * across)));
            var job = new Job<T>
            {
                X = (T*)input,
                Y = (T*)output,
                Bias = (T*)offsets,
                Norm = (T*)scales,
                NormBias = (T*)shifts,
                Weights = (float*)weights.Values,
                Height = height,
                Width = width,
                Channels = channels,
                TilesDown = down,
                TilesAcross = across,
                Epsilon = epsilon,
                Shares = new TaskShares(images * down * across),
            };
            if (Lanes16.Fit(channels)) OpenMp.Run(&Body<T, Lanes16>, &job);
            else OpenMp.Run(&Body<T, Lanes8>, &job);
        }
        GC.KeepAlive(weights);
    }

    /// <summary>A task is a tile of rows and columns.</summary>
    private static void Body<T, TLanes>(void* state) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        ref var job = ref *(Job<T>*)state;
        var mostRows = (job.Height + job.TilesDown - 1) / job.TilesDown;
        var mostColumns = ((job.Width + job.TilesAcross - 1) / job.TilesAcross + Outputs - 1) / Outputs * Outputs;
        var (inputRows, inputColumns) = (mostRows + Side - 1, mostColumns + Side - 1);
        var inputs = ThreadScratch.Of((long)inputRows * inputColumns * TLanes.Count + (long)mostRows * mostColumns * job.Channels);
        var sums = inputs + inputRows * inputColumns * TLanes.Count;
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            var (image, tile) = Math.DivRem(task, job.TilesDown * job.TilesAcross);
            var (down, across) = Math.DivRem(tile, job.TilesAcross);
            var (top, bottom) = (down * job.Height / job.TilesDown, (down + 1) * job.Height / job.TilesDown);
            var (left, right) = (across * job.Width / job.TilesAcross, (across + 1) * job.Width / job.TilesAcross);
            var picture = (long)image * job.Height * job.Width * job.Channels;
            for (var c = 0; c < job.Channels; c += TLanes.Count)
            {
                for (var row = 0; row < bottom - top + Side - 1; row++)
                    Gather<T, TLanes>(ref job, job.X + picture + c, top - Padding + row, left - Padding, inputs + row * inputColumns * TLanes.Count, inputColumns);
                var offset = T.Load<TLanes>(job.Bias + c);
                for (var row = 0; row < bottom - top; row++)
                {
                    for (var column = 0; column < right - left; column += Outputs)
                        Convolve(
                            inputs + (row * inputColumns + column) * TLanes.Count, inputColumns * TLanes.Count, job.Weights + (long)c * Side * Side, offset,
                            sums + ((long)row * mostColumns + column) * job.Channels + c, job.Channels);
                }
            }
            for (var row = 0; row < bottom - top; row++)
            {
                for (var column = 0; column < right - left; column++)
                    LayerNorm.Normalise<Float32, T, TLanes>(
                        (Float32*)(sums + ((long)row * mostColumns + column) * job.Channels), job.Norm, job.NormBias,
                        job.Y + picture + ((long)(top + row) * job.Width + left + column) * job.Channels, job.Channels, job.Epsilon);
            }
        }
    }

    /// <summary>A register of channels of a row's pixels, zeros outside the picture.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather<T, TLanes>(ref Job<T> job, T* picture, int row, int left, float* to, int columns)
        where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        var isInside = row >= 0 && row < job.Height;
        for (var column = left; column < left + columns; column++, to += TLanes.Count)
        {
            var x = isInside && column >= 0 && column < job.Width
                ? T.Load<TLanes>(picture + ((long)row * job.Width + column) * job.Channels)
                : TLanes.Create(0);
            x.Store(to);
        }
    }

    /// <summary>Seven outputs of a row, a register of channels each.</summary>
    /// <param name="inputs">[7][13 or more][register]</param>
    /// <param name="stride">From row to row of the inputs.</param>
    /// <param name="weights">[7][7][register]</param>
    /// <param name="bias">Of the channels.</param>
    /// <param name="sums">[7][register], <paramref name="channels"/> apart.</param>
    /// <param name="channels">Of a pixel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Convolve<TLanes>(float* inputs, int stride, float* weights, TLanes bias, float* sums, int channels)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes s0 = bias, s1 = bias, s2 = bias, s3 = bias, s4 = bias, s5 = bias, s6 = bias;
        var p = inputs;
        var w = weights;
        for (var row = 0; row < Side; row++, p += stride, w += Side * TLanes.Count)
        {
            TLanes w0 = TLanes.Load(w), w1 = TLanes.Load(w + TLanes.Count), w2 = TLanes.Load(w + 2 * TLanes.Count), w3 = TLanes.Load(w + 3 * TLanes.Count);
            TLanes w4 = TLanes.Load(w + 4 * TLanes.Count), w5 = TLanes.Load(w + 5 * TLanes.Count), w6 = TLanes.Load(w + 6 * TLanes.Count);
            // An input at a time: the sum to its left takes the next weight.
            var x = TLanes.Load(p);
            Add(x, w0, ref s0);
            x = TLanes.Load(p + TLanes.Count);
            Add(x, w1, ref s0); Add(x, w0, ref s1);
            x = TLanes.Load(p + 2 * TLanes.Count);
            Add(x, w2, ref s0); Add(x, w1, ref s1); Add(x, w0, ref s2);
            x = TLanes.Load(p + 3 * TLanes.Count);
            Add(x, w3, ref s0); Add(x, w2, ref s1); Add(x, w1, ref s2); Add(x, w0, ref s3);
            x = TLanes.Load(p + 4 * TLanes.Count);
            Add(x, w4, ref s0); Add(x, w3, ref s1); Add(x, w2, ref s2); Add(x, w1, ref s3); Add(x, w0, ref s4);
            x = TLanes.Load(p + 5 * TLanes.Count);
            Add(x, w5, ref s0); Add(x, w4, ref s1); Add(x, w3, ref s2); Add(x, w2, ref s3); Add(x, w1, ref s4); Add(x, w0, ref s5);
            x = TLanes.Load(p + 6 * TLanes.Count);
            Add(x, w6, ref s0); Add(x, w5, ref s1); Add(x, w4, ref s2); Add(x, w3, ref s3); Add(x, w2, ref s4); Add(x, w1, ref s5); Add(x, w0, ref s6);
            x = TLanes.Load(p + 7 * TLanes.Count);
            Add(x, w6, ref s1); Add(x, w5, ref s2); Add(x, w4, ref s3); Add(x, w3, ref s4); Add(x, w2, ref s5); Add(x, w1, ref s6);
            x = TLanes.Load(p + 8 * TLanes.Count);
            Add(x, w6, ref s2); Add(x, w5, ref s3); Add(x, w4, ref s4); Add(x, w3, ref s5); Add(x, w2, ref s6);
            x = TLanes.Load(p + 9 * TLanes.Count);
            Add(x, w6, ref s3); Add(x, w5, ref s4); Add(x, w4, ref s5); Add(x, w3, ref s6);
            x = TLanes.Load(p + 10 * TLanes.Count);
            Add(x, w6, ref s4); Add(x, w5, ref s5); Add(x, w4, ref s6);
            x = TLanes.Load(p + 11 * TLanes.Count);
            Add(x, w6, ref s5); Add(x, w5, ref s6);
            x = TLanes.Load(p + 12 * TLanes.Count);
            Add(x, w6, ref s6);
        }
        s0.Store(sums);
        s1.Store(sums + channels);
        s2.Store(sums + 2L * channels);
        s3.Store(sums + 3L * channels);
        s4.Store(sums + 4L * channels);
        s5.Store(sums + 5L * channels);
        s6.Store(sums + 6L * channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TLanes>(TLanes x, TLanes weight, ref TLanes sum) where TLanes : struct, ILanes<TLanes> =>
        sum = TLanes.MultiplyAdd(x, weight, sum);

    private struct Job<T> where T : unmanaged
    {
        public T* X, Y, Bias, Norm, NormBias;
        public float* Weights;
        public int Height, Width, Channels, TilesDown, TilesAcross;
        public float Epsilon;
        public TaskShares Shares;
    }
}
