using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// A 3x3 convolution, stride 1, padding 1, with bias and ReLU, by Winograd's F(2x2, 3x3) (Lavin and Gray, CVPR 2016): 16 products for
/// four outputs in place of 36. float32, channels last; channels must be multiples of 16. Errors are those of a direct convolution.
/// </summary>
internal sealed unsafe class WinogradConvolution : IDisposable
{
    private const int Positions = 16, Panel = RowKernel.Panel, Vector = 8;

    // Transformed tiles of a task stay in the second-level cache.
    private const int TileBytes = 384 << 10;

    private readonly int inputs;
    private readonly int outputs;
    private readonly float* weights; // [outputs / 16][16 positions][inputs][16]

    /// <param name="weight">[outputs, inputs, 3, 3]; its owner's.</param>
    public WinogradConvolution(Tensor weight)
    {
        (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        weights = Allocate((long)outputs * inputs * Positions);
        using var scope = NewDisposeScope();
        // U = G g G^T
        var g = tensor(new[] { 1f, 0, 0, 0.5f, 0.5f, 0.5f, 0.5f, -0.5f, 0.5f, 0, 0, 1 }, [4, 3]).to(ScalarType.Float64);
        var transformed = g.matmul(weight.to(ScalarType.Float64)).matmul(g.t()).to(ScalarType.Float32);   // [outputs, inputs, 4, 4]
        Copy(transformed.view(outputs / Panel, Panel, inputs, Positions).permute(0, 3, 2, 1), weights);
    }

    ~WinogradConvolution() => Free();

    public static bool Supports(long outputs, long inputs) => outputs % Panel == 0 && inputs % Panel == 0;

    /// <param name="x">[N, H, W, inputs], contiguous float32 on the CPU.</param>
    /// <param name="bias">[outputs], likewise.</param>
    /// <returns>[N, H, W, outputs]; belongs to the caller's dispose scope.</returns>
    public Tensor Run(Tensor x, Tensor bias)
    {
        var (n, height, width) = ((int)x.shape[0], (int)x.shape[1], (int)x.shape[2]);
        var result = empty([n, height, width, outputs]);
        var (tilesDown, tilesAcross) = ((height + 1) / 2, (width + 1) / 2);
        var tiles = n * tilesDown * tilesAcross;
        var most = Math.Max(RowKernel.MaxRows, TileBytes / (Positions * inputs * sizeof(float)) / RowKernel.MaxRows * RowKernel.MaxRows);
        // As many tasks as make all threads end together.
        var rounds = (tiles + most * OpenMp.Threads - 1) / (most * OpenMp.Threads);
        var tasks = Math.Min(tiles, rounds * OpenMp.Threads);
        fixed (byte* input = x.bytes, offsets = bias.bytes, output = result.bytes)
        {
            var job = new Job
            {
                X = (float*)input,
                Y = (float*)output,
                Weights = weights,
                Bias = (float*)offsets,
                Height = height,
                Width = width,
                Inputs = inputs,
                Outputs = outputs,
                TilesDown = tilesDown,
                TilesAcross = tilesAcross,
                Tiles = tiles,
                Tasks = tasks,
                Shares = new TaskShares(tasks),
            };
            OpenMp.Run(&Body, &job);
        }
        GC.KeepAlive(this);
        return result;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static void Body(void* state)
    {
        ref var job = ref *(Job*)state;
        var most = (job.Tiles + job.Tasks - 1) / job.Tasks;
        var transformed = ThreadScratch.Of((long)Positions * most * (job.Inputs + Panel));
        var products = transformed + (long)Positions * most * job.Inputs;
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            var (from, to) = ((int)((long)task * job.Tiles / job.Tasks), (int)((task + 1L) * job.Tiles / job.Tasks));
            for (var tile = from; tile < to; tile++)
                TransformInput(ref job, tile, transformed + (tile - from) * job.Inputs, (to - from) * job.Inputs);
            for (var panel = 0; panel < job.Outputs / Panel; panel++)
            {
                for (var position = 0; position < Positions; position++)
                    RowKernel.Multiply(
                        to - from, transformed + (long)position * (to - from) * job.Inputs, job.Inputs,
                        job.Weights + ((long)panel * Positions + position) * job.Inputs * Panel,
                        products + (long)position * (to - from) * Panel, Panel, job.Inputs, add: false);
                for (var tile = from; tile < to; tile++)
                    TransformOutput(ref job, tile, panel * Panel, products + (tile - from) * Panel, (to - from) * Panel);
            }
        }
    }

    /// <summary>V = B^T d B of one tile: 4x4 pixels from one above and left of its outputs, zeros outside the picture.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformInput(ref Job job, int tile, float* target, int stride)
    {
        var (top, left, image) = Place(ref job, tile);
        var pixels = stackalloc float*[Positions];
        for (var i = 0; i < Positions; i++)
        {
            var (row, column) = (top - 1 + i / 4, left - 1 + i % 4);
            var inside = row >= 0 && row < job.Height && column >= 0 && column < job.Width;
            pixels[i] = inside ? job.X + (((long)image * job.Height + row) * job.Width + column) * job.Inputs : null;
        }
        var columns = stackalloc Vector256<float>[Positions];
        for (var c = 0; c < job.Inputs; c += Vector)
        {
            for (var j = 0; j < 4; j++)
            {
                var (d0, d1, d2, d3) = (Load(pixels[j], c), Load(pixels[4 + j], c), Load(pixels[8 + j], c), Load(pixels[12 + j], c));
                columns[j] = d0 - d2;
                columns[4 + j] = d1 + d2;
                columns[8 + j] = d2 - d1;
                columns[12 + j] = d1 - d3;
            }
            for (var i = 0; i < Positions; i += 4)
            {
                var (d0, d1, d2, d3) = (columns[i], columns[i + 1], columns[i + 2], columns[i + 3]);
                (d0 - d2).Store(target + (long)i * stride + c);
                (d1 + d2).Store(target + (long)(i + 1) * stride + c);
                (d2 - d1).Store(target + (long)(i + 2) * stride + c);
                (d1 - d3).Store(target + (long)(i + 3) * stride + c);
            }
        }
    }

    /// <summary>Y = relu(A^T m A + bias) of one tile and 16 channels; outputs outside the picture are dropped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformOutput(ref Job job, int tile, int channel, float* products, int stride)
    {
        var (top, left, image) = Place(ref job, tile);
        var target = job.Y + (((long)image * job.Height + top) * job.Width + left) * job.Outputs + channel;
        var (hasRight, hasBottom) = (left + 1 < job.Width, top + 1 < job.Height);
        for (var c = 0; c < Panel; c += Vector, products += Vector, target += Vector)
        {
            var offset = Vector256.Load(job.Bias + channel + c);
            Vector256<float> r00 = default, r01 = default, r10 = default, r11 = default;
            for (var i = 0; i < 4; i++)
            {
                var (m0, m1) = (Vector256.Load(products + (long)i * 4 * stride), Vector256.Load(products + (long)(i * 4 + 1) * stride));
                var (m2, m3) = (Vector256.Load(products + (long)(i * 4 + 2) * stride), Vector256.Load(products + (long)(i * 4 + 3) * stride));
                var (even, odd) = (m0 + m1 + m2, m1 - m2 - m3);
                if (i < 3) (r00, r01) = (r00 + even, r01 + odd);
                if (i == 1) (r10, r11) = (r10 + even, r11 + odd);
                if (i > 1) (r10, r11) = (r10 - even, r11 - odd);
            }
            Relu(r00 + offset).Store(target);
            if (hasRight) Relu(r01 + offset).Store(target + job.Outputs);
            if (hasBottom) Relu(r10 + offset).Store(target + (long)job.Width * job.Outputs);
            if (hasRight && hasBottom) Relu(r11 + offset).Store(target + (job.Width + 1L) * job.Outputs);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Relu(Vector256<float> x) => Vector256.Max(x, Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load(float* pixel, int channel) =>
        pixel is null ? Vector256<float>.Zero : Vector256.Load(pixel + channel);

    private static (int Top, int Left, int Image) Place(ref Job job, int tile)
    {
        var (image, inImage) = Math.DivRem(tile, job.TilesDown * job.TilesAcross);
        return (2 * (inImage / job.TilesAcross), 2 * (inImage % job.TilesAcross), image);
    }

    private static float* Allocate(long count) => (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);

    private static void Copy(Tensor from, float* to)
    {
        var dense = from.contiguous();
        dense.bytes.CopyTo(new Span<byte>(to, checked((int)dense.numel() * sizeof(float))));
    }

    private void Free()
    {
        NativeMemory.AlignedFree(weights);
    }

    private struct Job
    {
        public float* X, Y, Weights, Bias;
        public int Height, Width, Inputs, Outputs, TilesDown, TilesAcross, Tiles, Tasks;
        public TaskShares Shares;
    }
}
