using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// softmax(Q K^T / sqrt d) V of each head of 64 channels (Vaswani et al., NIPS 2017, equation 1) on <see cref="Brgemm"/>: keys and values
/// are packed once a head in the number format that they have, then blocks of queries go past them. Scores and sums are float32's.
/// </summary>
internal static unsafe class BrgemmAttention
{
    /// <summary>Channels of a head: those of every published CLIP model.</summary>
    public const int Depth = Brgemm.Panel;

    private const int QueryBlock = 64, QueryStep = 8, KeyStep = 16;

    /// <inheritdoc cref="MultiHeadAttention.Run" path="/param"/>
    public static void Run<T>(T* projected, T* attended, int batch, int length, int heads, bool causal) where T : unmanaged, IElement<T>
    {
        var job = new Job<T> { Projected = projected, Attended = attended, Shares = new TaskShares(batch * heads), Length = length, Heads = heads, Causal = causal };
        OpenMp.Run(&Body<T>, &job);
    }

    private static void Body<T>(void* state) where T : unmanaged, IElement<T>
    {
        ref var job = ref *(Job<T>*)state;
        var length = job.Length;
        var width = job.Heads * Depth;
        var panels = (length + Depth - 1) / Depth;
        var padded = panels * Depth;
        var most = Brgemm.Whole(Math.Min(QueryBlock, length), QueryStep);
        var scores = ThreadScratch.Of((long)most * (2 * padded + 2 * Depth) + 2L * padded * Depth);  // [panels][queries][64]
        var mixed = scores + (long)most * padded;                                                    // [queries][64]
        var queries = (T*)(mixed + most * Depth);                                                    // [queries][64]
        var keys = queries + most * Depth;                                                           // [panels], as weights are
        var values = keys + (long)padded * Depth;                                                    // [padded], as weights are
        var shares = values + (long)padded * Depth;                                                  // [queries][padded]
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            var (item, head) = Math.DivRem(task, job.Heads);
            var source = job.Projected + (long)item * length * 3 * width + head * Depth;
            PackKeys(source + width, 3 * width, keys, length);
            PackValues(source + 2 * width, 3 * width, values, length);
            var target = job.Attended + (long)item * length * width + head * Depth;
            for (var first = 0; first < length; first += QueryBlock)
            {
                var rows = Math.Min(QueryBlock, length - first);
                var whole = Brgemm.Whole(rows, QueryStep);
                PackQueries(source + first * 3L * width, 3 * width, queries, rows, whole);
                var seen = job.Causal ? first + rows : length;
                var depth = Brgemm.Whole(seen, KeyStep);
                for (var panel = 0; panel * Depth < seen; panel++)
                    Brgemm.Multiply(whole, Depth, queries, Depth, keys + (long)panel * Depth * Depth, scores + (long)panel * whole * Depth, add: false);
                for (var row = 0; row < rows; row++)
                    Softmax(scores + row * Depth, whole * Depth, shares + (long)row * padded, job.Causal ? first + row + 1 : seen, depth);
                Brgemm.Multiply(whole, depth, shares, padded, values, mixed, add: false);
                for (var row = 0; row < rows; row++)
                {
                    for (var c = 0; c < Depth; c += Lanes16.Count)
                        T.Store(Lanes16.Load(mixed + row * Depth + c), target + (first + row) * (long)width + c);
                }
            }
        }
        Brgemm.Release();
    }

    /// <summary>[rows][64 channels], with zeros up to whole rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackQueries<T>(T* source, int stride, T* queries, int rows, int whole) where T : unmanaged
    {
        for (var row = 0; row < rows; row++) new ReadOnlySpan<T>(source + (long)row * stride, Depth).CopyTo(new Span<T>(queries + row * Depth, Depth));
        new Span<T>(queries + rows * Depth, (whole - rows) * Depth).Clear();
    }

    /// <summary>Panels of 64 keys, each [channels][64 keys], in bfloat16 by pairs of channels: 32-bit words either way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackKeys<T>(T* source, int stride, T* keys, int length) where T : unmanaged
    {
        var words = Depth * sizeof(T) / sizeof(uint);
        for (var key = 0; key < length; key++)
        {
            var from = (uint*)(source + (long)key * stride);
            var to = (uint*)(keys + (long)(key / Depth) * Depth * Depth) + key % Depth;
            for (var word = 0; word < words; word++) to[word * Depth] = from[word];
        }
    }

    /// <summary>[keys][64 channels], in bfloat16 by pairs of keys, with zeros up to a whole step of keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackValues<T>(T* source, int stride, T* values, int length) where T : unmanaged
    {
        var end = Brgemm.Whole(length, KeyStep);
        if (sizeof(T) == sizeof(float))
        {
            for (var key = 0; key < length; key++) new ReadOnlySpan<T>(source + (long)key * stride, Depth).CopyTo(new Span<T>(values + (long)key * Depth, Depth));
            new Span<T>(values + (long)length * Depth, (end - length) * Depth).Clear();
            return;
        }
        for (var key = 0; key < end; key += 2)
        {
            ushort* even = (ushort*)(source + (long)key * stride), odd = (ushort*)(source + (key + 1L) * stride);
            var to = (uint*)(values + (long)key * Depth);
            for (var c = 0; c < Depth; c += Vector512<uint>.Count)
            {
                var pair = key < length ? Widened(even + c) : default;
                if (key + 1 < length) pair |= Widened(odd + c) << 16;
                pair.Store(to + c);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Widened(ushort* from)
    {
        var (low, high) = Vector256.Widen(Vector256.Load(from));
        return Vector512.Create(low, high);
    }

    /// <summary>Shares of the scores seen, zeros up to <paramref name="depth"/>; panels of scores are <paramref name="stride"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax<T>(float* scores, int stride, T* shares, int seen, int depth) where T : unmanaged, IElement<T>
    {
        var scale = 1 / MathF.Sqrt(Depth);
        var end = (seen + Lanes16.Count - 1) / Lanes16.Count * Lanes16.Count;
        var last = scores + (long)((end - 1) / Depth) * stride;
        for (var i = seen; i < end; i++) last[i % Depth] = float.NegativeInfinity;
        var most = Lanes16.Load(scores);
        for (var i = Lanes16.Count; i < end; i += Lanes16.Count) most = Lanes16.Max(most, Lanes16.Load(At(i)));
        Lanes16 shift = Lanes16.Create(-most.Max() * scale), factor = Lanes16.Create(scale), sum = Lanes16.Create(0);
        for (var i = 0; i < end; i += Lanes16.Count)
        {
            var value = VectorMath.Exp(Lanes16.MultiplyAdd(Lanes16.Load(At(i)), factor, shift));
            value.Store(At(i));
            sum += value;
        }
        // What is not seen counts e^-87, which is nothing.
        var share = Lanes16.Create(1 / sum.Sum());
        for (var i = 0; i < end; i += Lanes16.Count) T.Store(Lanes16.Load(At(i)) * share, shares + i);
        new Span<T>(shares + seen, depth - seen).Clear();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        float* At(int i) => scores + (long)(i / Depth) * stride + i % Depth;
    }

    private struct Job<T> where T : unmanaged
    {
        public T* Projected, Attended;
        public int Length, Heads;
        public TaskShares Shares;
        public bool Causal;
    }
}
