using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// A 3x3 convolution, stride 1, padding 1, with bias and ReLU, by Winograd's F(2x2, 3x3) (Lavin and Gray, CVPR 2016): 16 products for
/// four outputs in place of 36. float32, channels last; channels must be multiples of 16. Errors are those of a direct convolution.
/// </summary>
internal sealed unsafe class WinogradConvolution : IDisposable
{
    private const int Positions = 16, Side = 4;

    // Transformed tiles of a task stay in the second-level cache; fewer than so many rows are far from the products' full speed.
    private const int TileBytes = 384 << 10, FewestTiles = 24;

    private readonly int inputs;
    private readonly int outputs;
    private readonly int panels;
    private readonly WeightMemory weights; // [panels][16 positions][inputs][panel]

    /// <param name="weight">[outputs, inputs, 3, 3]; its owner's.</param>
    public WinogradConvolution(Tensor weight)
    {
        (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        panels = (outputs + Panel - 1) / Panel;
        using var scope = NewDisposeScope();
        // U = G g G^T
        var g = tensor(new[] { 1f, 0, 0, 0.5f, 0.5f, 0.5f, 0.5f, -0.5f, 0.5f, 0, 0, 1 }, [4, 3]).to(ScalarType.Float64);
        var transformed = g.matmul(weight.to(ScalarType.Float64)).matmul(g.t()).to(ScalarType.Float32);   // [outputs, inputs, 4, 4]
        var padded = nn.functional.pad(transformed.view(outputs, -1), [0, 0, 0, panels * Panel - outputs]);
        weights = new WeightMemory(padded.view(panels, Panel, inputs, Positions).permute(0, 3, 2, 1));
    }

    private static int Panel => RowKernel.Panel;

    public static bool Supports(long outputs, long inputs) => outputs % Lanes16.Count == 0 && inputs % Lanes16.Count == 0;

    /// <param name="x">[N, H, W, inputs], contiguous float32 on the CPU.</param>
    /// <param name="bias">[outputs], likewise.</param>
    /// <returns>[N, H, W, outputs]; belongs to the caller's dispose scope.</returns>
    public Tensor Run(Tensor x, Tensor bias)
    {
        var (n, height, width) = (x.Size(0), x.Size(1), x.Size(2));
        var result = empty([n, height, width, outputs]);
        var (tilesDown, tilesAcross) = ((height + 1) / 2, (width + 1) / 2);
        var tiles = n * tilesDown * tilesAcross;
        var threads = OpenMp.Threads;
        var most = Math.Max(FewestTiles, TileBytes / (Positions * inputs * sizeof(float)));
        // All of one size, as many as make all threads end together; of few tiles, threads share each and take their part of the outputs.
        var blocks = (tiles + most - 1) / most;
        var chunks = tiles / threads < FewestTiles && blocks < threads ? Math.Min(threads, panels) : 1;
        if (chunks == 1) blocks = Math.Min(tiles, (blocks + threads - 1) / threads * threads);
        fixed (byte* input = x.bytes, offsets = bias.bytes, output = result.bytes)
        {
            var job = new Job
            {
                X = (float*)input,
                Y = (float*)output,
                Weights = (float*)weights.Values,
                Bias = (float*)offsets,
                Height = height,
                Width = width,
                Inputs = inputs,
                Outputs = outputs,
                TilesDown = tilesDown,
                TilesAcross = tilesAcross,
                Panels = panels,
                Tiles = tiles,
                Blocks = blocks,
                Chunks = chunks,
                Shares = new TaskShares(blocks * chunks),
            };
            if (CpuFeatures.HasAvx512) OpenMp.Run(&Body<Lanes16>, &job);
            else OpenMp.Run(&Body<Lanes8>, &job);
        }
        GC.KeepAlive(weights);
        return result;
    }

    public void Dispose() => weights.Dispose();

    private static void Body<TLanes>(void* state) where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var job = ref *(Job*)state;
        var most = (job.Tiles + job.Blocks - 1) / job.Blocks;
        var transformed = ThreadScratch.Of((long)Positions * most * (job.Inputs + Panel));
        var products = transformed + (long)Positions * most * job.Inputs;
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            var (block, chunk) = Math.DivRem(task, job.Chunks);
            var (from, to) = ((int)((long)block * job.Tiles / job.Blocks), (int)((block + 1L) * job.Tiles / job.Blocks));
            var tiles = to - from;
            for (var tile = 0; tile < tiles; tile++)
                TransformInput<TLanes>(ref job, from + tile, transformed + (long)tile * job.Inputs, tiles * job.Inputs);
            for (int panel = chunk * job.Panels / job.Chunks, end = (chunk + 1) * job.Panels / job.Chunks; panel < end; panel++)
            {
                for (var position = 0; position < Positions; position++)
                {
                    var weights = job.Weights + ((long)panel * Positions + position) * job.Inputs * Panel;
                    RowKernel.Multiply(
                        tiles, job.Inputs, transformed + (long)position * tiles * job.Inputs, job.Inputs, weights,
                        products + (long)position * tiles * Panel, Panel, add: false, weights + job.Inputs * Panel);
                }
                for (var tile = 0; tile < tiles; tile++)
                    TransformOutput<TLanes>(ref job, from + tile, panel * Panel, products + tile * Panel, tiles * Panel);
            }
        }
    }

    /// <summary>V = B^T d B of one tile: 4x4 pixels from one above and left of its outputs, zeros outside the picture.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformInput<TLanes>(ref Job job, int tile, float* target, int stride) where TLanes : unmanaged, ILanes<TLanes>
    {
        var (top, left, image) = Place(ref job, tile);
        var pixels = stackalloc float*[Positions];
        for (var i = 0; i < Positions; i++)
        {
            var (row, column) = (top - 1 + i / Side, left - 1 + i % Side);
            var inside = row >= 0 && row < job.Height && column >= 0 && column < job.Width;
            pixels[i] = inside ? job.X + (((long)image * job.Height + row) * job.Width + column) * job.Inputs : null;
        }
        var columns = stackalloc TLanes[Positions];
        for (var c = 0; c < job.Inputs; c += TLanes.Count)
        {
            for (var j = 0; j < Side; j++)
            {
                TLanes d0 = Load<TLanes>(pixels[j], c), d1 = Load<TLanes>(pixels[4 + j], c), d2 = Load<TLanes>(pixels[8 + j], c), d3 = Load<TLanes>(pixels[12 + j], c);
                columns[j] = d0 - d2;
                columns[4 + j] = d1 + d2;
                columns[8 + j] = d2 - d1;
                columns[12 + j] = d1 - d3;
            }
            for (var i = 0; i < Positions; i += Side)
            {
                var (d0, d1, d2, d3) = (columns[i], columns[i + 1], columns[i + 2], columns[i + 3]);
                (d0 - d2).Store(target + (long)i * stride + c);
                (d1 + d2).Store(target + (long)(i + 1) * stride + c);
                (d2 - d1).Store(target + (long)(i + 2) * stride + c);
                (d1 - d3).Store(target + (long)(i + 3) * stride + c);
            }
        }
    }

    /// <summary>Y = relu(A^T m A + bias) of one tile and a panel of channels; outputs outside the picture are dropped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformOutput<TLanes>(ref Job job, int tile, int channel, float* products, int stride) where TLanes : unmanaged, ILanes<TLanes>
    {
        var (top, left, image) = Place(ref job, tile);
        var target = job.Y + (((long)image * job.Height + top) * job.Width + left) * job.Outputs + channel;
        var (hasRight, hasBottom) = (left + 1 < job.Width, top + 1 < job.Height);
        var columns = Math.Min(Panel, job.Outputs - channel);
        for (var c = 0; c < columns; c += TLanes.Count, products += TLanes.Count, target += TLanes.Count)
        {
            var offset = TLanes.Load(job.Bias + channel + c);
            TLanes r00 = offset, r01 = offset, r10 = offset, r11 = offset;
            for (var i = 0; i < Side; i++)
            {
                var row = products + (long)i * Side * stride;
                TLanes m0 = TLanes.Load(row), m1 = TLanes.Load(row + stride), m2 = TLanes.Load(row + 2L * stride), m3 = TLanes.Load(row + 3L * stride);
                TLanes even = m0 + m1 + m2, odd = m1 - m2 - m3;
                if (i < 3) (r00, r01) = (r00 + even, r01 + odd);
                if (i == 1) (r10, r11) = (r10 + even, r11 + odd);
                if (i > 1) (r10, r11) = (r10 - even, r11 - odd);
            }
            Relu.Apply(r00).Store(target);
            if (hasRight) Relu.Apply(r01).Store(target + job.Outputs);
            if (hasBottom) Relu.Apply(r10).Store(target + (long)job.Width * job.Outputs);
            if (hasRight && hasBottom) Relu.Apply(r11).Store(target + (job.Width + 1L) * job.Outputs);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Load<TLanes>(float* pixel, int channel) where TLanes : unmanaged, ILanes<TLanes> =>
        pixel is null ? TLanes.Create(0) : TLanes.Load(pixel + channel);

    private static (int Top, int Left, int Image) Place(ref Job job, int tile)
    {
        var (image, inImage) = Math.DivRem(tile, job.TilesDown * job.TilesAcross);
        return (2 * (inImage / job.TilesAcross), 2 * (inImage % job.TilesAcross), image);
    }

    private struct Job
    {
        public float* X, Y, Weights, Bias;
        public int Height, Width, Inputs, Outputs, TilesDown, TilesAcross, Panels, Tiles, Blocks, Chunks;
        public TaskShares Shares;
    }
}
