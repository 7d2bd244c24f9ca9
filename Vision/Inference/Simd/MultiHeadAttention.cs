using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// softmax(Q K^T / sqrt d) V of each head (Vaswani et al., NIPS 2017, equation 1), float32: keys and values are packed once a head, then
/// blocks of queries go past them. A causal query sees the keys up to its own.
/// </summary>
internal static unsafe class MultiHeadAttention
{
    private const int Panel = PackedMatrix.Panel, Vector = 8, QueryBlock = 4 * RowKernel.MaxRows;

    /// <param name="projected">[texts or images, length, 3, heads, depth]: queries, keys, values.</param>
    /// <param name="attended">[texts or images, length, heads, depth]</param>
    /// <param name="batch">Texts or images.</param>
    /// <param name="length">Tokens of each.</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="depth">Channels of a head, a multiple of 16.</param>
    /// <param name="causal">Whether a token sees only itself and earlier ones.</param>
    public static void Run(float* projected, float* attended, int batch, int length, int heads, int depth, bool causal)
    {
        var job = new Job
        {
            Projected = projected,
            Attended = attended,
            Tasks = batch * heads,
            Length = length,
            Heads = heads,
            Depth = depth,
            Causal = causal,
        };
        OpenMp.Run(&Body, &job);
    }

    [UnmanagedCallersOnly]
    private static void Body(void* state)
    {
        ref var job = ref *(Job*)state;
        var padded = (job.Length + Panel - 1) / Panel * Panel;
        var keys = ThreadScratch.Of((long)padded * (2 * job.Depth + QueryBlock));   // [padded / 16][depth][16]
        var values = keys + (long)padded * job.Depth;                               // [depth / 16][length][16]
        var scores = values + (long)padded * job.Depth;                             // [block, padded]
        for (int task; (task = Interlocked.Increment(ref job.Started) - 1) < job.Tasks;)
        {
            var (item, head) = Math.DivRem(task, job.Heads);
            var width = job.Heads * job.Depth;
            var query = job.Projected + (long)item * job.Length * 3 * width + head * job.Depth;
            PackKeys(query + width, 3 * width, keys, job.Length, job.Depth);
            PackValues(query + 2 * width, 3 * width, values, job.Length, job.Depth);
            var target = job.Attended + (long)item * job.Length * width + head * job.Depth;
            for (var first = 0; first < job.Length; first += QueryBlock)
            {
                var rows = Math.Min(QueryBlock, job.Length - first);
                var seen = job.Causal ? first + rows : job.Length;
                for (var key = 0; key < seen; key += Panel)
                    RowKernel.Multiply(
                        rows, query + (long)first * 3 * width, 3 * width, keys + key * job.Depth, scores + key, padded, job.Depth, add: false);
                for (var row = 0; row < rows; row++)
                    Softmax(scores + row * padded, job.Causal ? first + row + 1 : seen, seen, 1 / MathF.Sqrt(job.Depth));
                for (var channel = 0; channel < job.Depth; channel += Panel)
                    RowKernel.Multiply(
                        rows, scores, padded, values + channel * job.Length, target + (long)first * width + channel, width, seen, add: false);
            }
        }
    }

    private static void PackKeys(float* source, int stride, float* keys, int length, int depth)
    {
        for (var row = 0; row < length; row++)
        {
            float* from = source + (long)row * stride, to = keys + row / Panel * Panel * depth + row % Panel;
            for (var c = 0; c < depth; c++) to[c * Panel] = from[c];
        }
    }

    private static void PackValues(float* source, int stride, float* values, int length, int depth)
    {
        for (var row = 0; row < length; row++)
        {
            for (var c = 0; c < depth; c += Vector)
                Vector256.Load(source + (long)row * stride + c).Store(values + (c / Panel * length + row) * Panel + c % Panel);
        }
    }

    /// <summary>Of the scores seen; the others up to <paramref name="length"/> become zero.</summary>
    private static void Softmax(float* scores, int seen, int length, float scale)
    {
        var end = (length + Vector - 1) / Vector * Vector;
        new Span<float>(scores + seen, end - seen).Fill(float.NegativeInfinity);
        var most = Vector256.Load(scores);
        for (var i = Vector; i < end; i += Vector) most = Avx.Max(most, Vector256.Load(scores + i));
        var offset = most[0];
        for (var i = 1; i < Vector; i++) offset = MathF.Max(offset, most[i]);
        Vector256<float> shift = Vector256.Create(-offset * scale), sum = default;
        for (var i = 0; i < end; i += Vector)
        {
            var value = VectorMath.Exp(Fma.MultiplyAdd(Vector256.Load(scores + i), Vector256.Create(scale), shift));
            value.Store(scores + i);
            sum += value;
        }
        var share = Vector256.Create(1 / Vector256.Sum(sum));
        for (var i = 0; i < end; i += Vector) (Vector256.Load(scores + i) * share).Store(scores + i);
        new Span<float>(scores + seen, end - seen).Clear();
    }

    private struct Job
    {
        public float* Projected, Attended;
        public int Tasks, Length, Heads, Depth, Started;
        public bool Causal;
    }
}
