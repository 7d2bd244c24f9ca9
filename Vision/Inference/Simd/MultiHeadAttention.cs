using System.Runtime.CompilerServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// softmax(Q K^T / sqrt d) V of each head (Vaswani et al., NIPS 2017, equation 1), in float32: keys and values are packed once a head,
/// then blocks of queries go past them. A causal query sees the keys up to its own.
/// </summary>
internal static unsafe class MultiHeadAttention
{
    private const int QueryBlock = 24;

    private static int Panel => RowKernel.Panel;

    /// <param name="projected">[texts or images, length, 3, heads, depth]: queries, keys, values.</param>
    /// <param name="attended">[texts or images, length, heads, depth]</param>
    /// <param name="batch">Texts or images.</param>
    /// <param name="length">Tokens of each.</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="depth">Channels of a head, a multiple of 16.</param>
    /// <param name="causal">Whether a token sees only itself and earlier ones.</param>
    public static void Run<T>(T* projected, T* attended, int batch, int length, int heads, int depth, bool causal)
        where T : unmanaged, IElement<T>
    {
        var job = new Job<T>
        {
            Projected = projected,
            Attended = attended,
            Shares = new TaskShares(batch * heads),
            Length = length,
            Heads = heads,
            Depth = depth,
            Causal = causal,
        };
        if (CpuFeatures.HasAvx512) OpenMp.Run(&Body<T, Lanes16>, &job);
        else OpenMp.Run(&Body<T, Lanes8>, &job);
    }

    private static void Body<T, TLanes>(void* state) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        ref var job = ref *(Job<T>*)state;
        var (length, depth) = (job.Length, job.Depth);
        var (padded, wide) = ((length + Panel - 1) / Panel * Panel, (depth + Panel - 1) / Panel * Panel);
        var keys = ThreadScratch.Of((long)padded * 2 * wide + QueryBlock * (padded + 2L * wide)); // [padded / panel][depth][panel]
        var values = keys + (long)padded * wide;                                                // [wide / panel][length][panel]
        var scores = values + (long)padded * wide;                                              // [block, padded]
        var queries = scores + (long)QueryBlock * padded;                                       // [block, depth]
        var results = queries + QueryBlock * wide;                                              // [block, wide]
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            var (item, head) = Math.DivRem(task, job.Heads);
            var width = job.Heads * depth;
            var source = job.Projected + (long)item * length * 3 * width + head * depth;
            PackKeys<T, TLanes>(source + width, 3 * width, keys, results, length, depth);
            PackValues<T, TLanes>(source + 2 * width, 3 * width, values, length, depth);
            var target = job.Attended + (long)item * length * width + head * depth;
            for (var first = 0; first < length; first += QueryBlock)
            {
                var rows = Math.Min(QueryBlock, length - first);
                var seen = job.Causal ? first + rows : length;
                for (var row = 0; row < rows; row++) Read<T, TLanes>(source + (first + row) * 3L * width, queries + row * depth, depth);
                for (var key = 0; key < seen; key += Panel)
                    RowKernel.Multiply(rows, depth, queries, depth, keys + key * depth, scores + key, padded, add: false, keys + (key + Panel) * depth);
                for (var row = 0; row < rows; row++)
                    Softmax<TLanes>(scores + row * padded, job.Causal ? first + row + 1 : seen, seen, 1 / MathF.Sqrt(depth));
                for (var channel = 0; channel < depth; channel += Panel)
                    RowKernel.Multiply(rows, seen, scores, padded, values + channel * length, results + channel, wide, add: false, values + (channel + Panel) * length);
                for (var row = 0; row < rows; row++) Write<T, TLanes>(results + row * wide, target + (first + row) * (long)width, depth);
            }
        }
    }

    private static void PackKeys<T, TLanes>(T* source, int stride, float* keys, float* line, int length, int depth)
        where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        for (var row = 0; row < length; row++)
        {
            Read<T, TLanes>(source + (long)row * stride, line, depth);
            var to = keys + row / Panel * Panel * depth + row % Panel;
            for (var c = 0; c < depth; c++) to[c * Panel] = line[c];
        }
    }

    private static void PackValues<T, TLanes>(T* source, int stride, float* values, int length, int depth)
        where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        for (var row = 0; row < length; row++)
        {
            for (var c = 0; c < depth; c += TLanes.Count)
                T.Load<TLanes>(source + (long)row * stride + c).Store(values + (c / Panel * length + row) * Panel + c % Panel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Read<T, TLanes>(T* from, float* to, int count) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        for (var c = 0; c < count; c += TLanes.Count) T.Load<TLanes>(from + c).Store(to + c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<T, TLanes>(float* from, T* to, int count) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        for (var c = 0; c < count; c += TLanes.Count) T.Store(TLanes.Load(from + c), to + c);
    }

    /// <summary>Of the scores seen; the others up to <paramref name="length"/> become zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax<TLanes>(float* scores, int seen, int length, float scale) where TLanes : struct, ILanes<TLanes>
    {
        var end = (length + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
        new Span<float>(scores + seen, end - seen).Fill(float.NegativeInfinity);
        var most = TLanes.Load(scores);
        for (var i = TLanes.Count; i < end; i += TLanes.Count) most = TLanes.Max(most, TLanes.Load(scores + i));
        TLanes shift = TLanes.Create(-most.Max() * scale), factor = TLanes.Create(scale), sum = TLanes.Create(0);
        for (var i = 0; i < end; i += TLanes.Count)
        {
            var value = VectorMath.Exp(TLanes.MultiplyAdd(TLanes.Load(scores + i), factor, shift));
            value.Store(scores + i);
            sum += value;
        }
        var share = TLanes.Create(1 / sum.Sum());
        for (var i = 0; i < end; i += TLanes.Count) (TLanes.Load(scores + i) * share).Store(scores + i);
        new Span<float>(scores + seen, end - seen).Clear();
    }

    private struct Job<T> where T : unmanaged
    {
        public T* Projected, Attended;
        public int Length, Heads, Depth;
        public TaskShares Shares;
        public bool Causal;
    }
}
