using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// ConvNeXt-V2's GRN in place, x (gamma n + 1), in two passes over x: energies of the channels, then the scaling (Woo et al., CVPR 2023,
/// equations 1 to 3; beta is the next layer's).
/// </summary>
internal static unsafe class ResponseNorm
{
    private const int Vector = 8, ChannelBlock = 64;
    private const float Epsilon = 1e-6f;

    /// <param name="x">[images, pixels, channels]</param>
    /// <param name="gamma">[channels]</param>
    /// <param name="images">Number of images.</param>
    /// <param name="pixels">Of an image.</param>
    /// <param name="channels">Of a pixel.</param>
    public static void Apply(float* x, float* gamma, int images, int pixels, int channels)
    {
        var energies = (float*)NativeMemory.AlignedAlloc((nuint)images * (nuint)channels * sizeof(float), 64);
        var job = new Job { X = x, Gamma = gamma, Energies = energies, Images = images, Pixels = pixels, Channels = channels };
        OpenMp.Run(&Measure, &job);
        for (var image = 0; image < images; image++) ToScales(energies + (long)image * channels, gamma, channels);
        job.Started = 0;
        OpenMp.Run(&Scale, &job);
        NativeMemory.AlignedFree(energies);
    }

    [UnmanagedCallersOnly]
    private static void Measure(void* state)
    {
        ref var job = ref *(Job*)state;
        var blocks = (job.Channels + ChannelBlock - 1) / ChannelBlock;
        var sums = stackalloc float[ChannelBlock];
        for (int task; (task = Interlocked.Increment(ref job.Started) - 1) < job.Images * blocks;)
        {
            var (image, block) = Math.DivRem(task, blocks);
            var channels = Math.Min(ChannelBlock, job.Channels - block * ChannelBlock);
            new Span<float>(sums, channels).Clear();
            var pixel = job.X + (long)image * job.Pixels * job.Channels + block * ChannelBlock;
            for (var p = 0; p < job.Pixels; p++, pixel += job.Channels)
            {
                var c = 0;
                for (; c + Vector <= channels; c += Vector)
                {
                    var value = Vector256.Load(pixel + c);
                    (Vector256.Load(sums + c) + value * value).Store(sums + c);
                }
                for (; c < channels; c++) sums[c] += pixel[c] * pixel[c];
            }
            var energies = job.Energies + (long)image * job.Channels + block * ChannelBlock;
            for (var c = 0; c < channels; c++) energies[c] = MathF.Sqrt(sums[c]);
        }
    }

    private static void ToScales(float* energies, float* gamma, int channels)
    {
        var sum = 0.0;
        for (var c = 0; c < channels; c++) sum += energies[c];
        var share = (float)(1 / (sum / channels + Epsilon));
        for (var c = 0; c < channels; c++) energies[c] = gamma[c] * (energies[c] * share) + 1;
    }

    [UnmanagedCallersOnly]
    private static void Scale(void* state)
    {
        const int rowsATask = 16;
        ref var job = ref *(Job*)state;
        var rows = job.Images * job.Pixels;
        for (int task; (task = Interlocked.Increment(ref job.Started) - 1) * rowsATask < rows;)
        {
            for (var row = task * rowsATask; row < Math.Min(rows, (task + 1) * rowsATask); row++)
            {
                float* pixel = job.X + (long)row * job.Channels, scales = job.Energies + (long)(row / job.Pixels) * job.Channels;
                var c = 0;
                for (; c + Vector <= job.Channels; c += Vector) (Vector256.Load(pixel + c) * Vector256.Load(scales + c)).Store(pixel + c);
                for (; c < job.Channels; c++) pixel[c] *= scales[c];
            }
        }
    }

    private struct Job
    {
        public float* X, Gamma, Energies;
        public int Images, Pixels, Channels, Started;
    }
}
