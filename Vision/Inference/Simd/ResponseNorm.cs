using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// An activation and ConvNeXt-V2's GRN in place, x (gamma n + 1), in two passes over x: activation and energies of the channels, then the
/// scaling (Woo et al., CVPR 2023, equations 1 to 3; beta is the next layer's).
/// </summary>
internal static unsafe class ResponseNorm
{
    // An image's pixels are summed in blocks of this many, in order: sums do not depend on threads or on the images beside it.
    private const int PixelBlock = 32, Alignment = 64;
    private const float Epsilon = 1e-6f;

    /// <summary>Both passes.</summary>
    /// <param name="x">[images, pixels, channels]</param>
    /// <param name="gamma">[channels]</param>
    /// <param name="images">Number of images.</param>
    /// <param name="pixels">Of an image.</param>
    /// <param name="channels">Of a pixel, a multiple of 8.</param>
    public static void Apply<T, TActivation>(T* x, float* gamma, int images, int pixels, int channels)
        where T : unmanaged, IElement<T> where TActivation : IActivation
    {
        var scales = (float*)NativeMemory.AlignedAlloc((nuint)images * (nuint)channels * sizeof(float), Alignment);
        Measure<T, TActivation>(x, gamma, scales, images, pixels, channels);
        var job = new Job<T> { X = x, Sums = scales, Images = images, Pixels = pixels, Channels = channels, Blocks = BlocksOf(pixels) };
        job.Shares = new TaskShares(images * job.Blocks);
        if (Lanes16.Fit(channels)) OpenMp.Run(&Scale<T, Lanes16>, &job);
        else OpenMp.Run(&Scale<T, Lanes8>, &job);
        NativeMemory.AlignedFree(scales);
    }

    /// <summary>The activation in place, and what GRN multiplies its result with: for a next layer that does so itself.</summary>
    /// <param name="x">[images, pixels, channels]</param>
    /// <param name="gamma">[channels]</param>
    /// <param name="scales">[images, channels], filled: gamma n + 1.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="pixels">Of an image.</param>
    /// <param name="channels">Of a pixel, a multiple of 8.</param>
    public static void Measure<T, TActivation>(T* x, float* gamma, float* scales, int images, int pixels, int channels)
        where T : unmanaged, IElement<T> where TActivation : IActivation
    {
        var blocks = BlocksOf(pixels);
        var energies = (float*)NativeMemory.AlignedAlloc((nuint)images * (nuint)blocks * (nuint)channels * sizeof(float), Alignment);
        var job = new Job<T> { X = x, Sums = energies, Images = images, Pixels = pixels, Channels = channels, Blocks = blocks };
        job.Shares = new TaskShares(images * blocks);
        if (Lanes16.Fit(channels)) OpenMp.Run(&Measure<T, TActivation, Lanes16>, &job);
        else OpenMp.Run(&Measure<T, TActivation, Lanes8>, &job);
        for (var image = 0; image < images; image++)
        {
            float* sums = energies + (long)image * blocks * channels, to = scales + (long)image * channels;
            if (Lanes16.Fit(channels)) ToScales<Lanes16>(sums, gamma, to, blocks, channels);
            else ToScales<Lanes8>(sums, gamma, to, blocks, channels);
        }
        NativeMemory.AlignedFree(energies);
    }

    private static int BlocksOf(int pixels) => (pixels + PixelBlock - 1) / PixelBlock;

    private static void Measure<T, TActivation, TLanes>(void* state)
        where T : unmanaged, IElement<T> where TActivation : IActivation where TLanes : struct, ILanes<TLanes>
    {
        ref var job = ref *(Job<T>*)state;
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            var (image, block) = Math.DivRem(task, job.Blocks);
            var (first, last) = (block * PixelBlock, Math.Min((block + 1) * PixelBlock, job.Pixels));
            var energies = job.Sums + ((long)image * job.Blocks + block) * job.Channels;
            for (var pixel = first; pixel < last; pixel++)
                Activate<T, TActivation, TLanes>(job.Pixel(image, pixel), energies, job.Channels, isFirst: pixel == first);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Activate<T, TActivation, TLanes>(T* pixel, float* energies, int channels, bool isFirst)
        where T : unmanaged, IElement<T> where TActivation : IActivation where TLanes : struct, ILanes<TLanes>
    {
        for (var c = 0; c < channels; c += TLanes.Count)
        {
            var value = TActivation.Apply(T.Load<TLanes>(pixel + c));
            if (typeof(TActivation) != typeof(Identity)) T.Store(value, pixel + c);
            var sum = isFirst ? TLanes.Create(0) : TLanes.Load(energies + c);
            TLanes.MultiplyAdd(value, value, sum).Store(energies + c);
        }
    }

    /// <summary>Energies of an image's blocks [blocks, channels] to its scales [channels].</summary>
    private static void ToScales<TLanes>(float* energies, float* gamma, float* scales, int blocks, int channels)
        where TLanes : struct, ILanes<TLanes>
    {
        var total = 0.0;
        for (var c = 0; c < channels; c += TLanes.Count)
        {
            var sum = TLanes.Load(energies + c);
            for (var block = 1; block < blocks; block++) sum += TLanes.Load(energies + (long)block * channels + c);
            sum.Store(scales + c);
            for (var i = c; i < c + TLanes.Count; i++) total += scales[i] = MathF.Sqrt(scales[i]);
        }
        var share = (float)(1 / (total / channels + Epsilon));
        for (var c = 0; c < channels; c++) scales[c] = gamma[c] * (scales[c] * share) + 1;
    }

    private static void Scale<T, TLanes>(void* state) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        ref var job = ref *(Job<T>*)state;
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            var (image, block) = Math.DivRem(task, job.Blocks);
            for (var pixel = block * PixelBlock; pixel < Math.Min((block + 1) * PixelBlock, job.Pixels); pixel++)
                VectorMath.Multiply<T, TLanes>(job.Pixel(image, pixel), job.Sums + (long)image * job.Channels, job.Pixel(image, pixel), job.Channels);
        }
    }

    private struct Job<T> where T : unmanaged
    {
        public T* X;
        public float* Sums;
        public int Images, Pixels, Channels, Blocks;
        public TaskShares Shares;

        public readonly T* Pixel(int image, int pixel) => X + ((long)image * Pixels + pixel) * Channels;
    }
}
