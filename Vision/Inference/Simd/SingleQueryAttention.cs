using System.Runtime.CompilerServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// Attention of one token a row, with keys and values never made: with q Wk = p, q k = p x, and what is attended is (attention x) Wv.
/// A task is a head of a row. All sums are float32's and depend on no row beside them.
/// </summary>
internal static unsafe class SingleQueryAttention
{
    /// <param name="query">[batch, width]</param>
    /// <param name="x">[batch, length, width]</param>
    /// <param name="last">[batch]: of the tokens that a query sees; null: all are seen.</param>
    /// <param name="key">[heads, depth, width], the keys' weights.</param>
    /// <param name="value">[heads, width, depth], the values' weights.</param>
    /// <param name="valueBias">[width]</param>
    /// <param name="attended">[batch, width], filled.</param>
    /// <param name="batch">Rows.</param>
    /// <param name="length">Tokens of a row.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="width">Channels of a token; with it a head's depth is a multiple of 8.</param>
    public static void Run<T>(
        T* query, T* x, long* last, T* key, T* value, T* valueBias, T* attended, int batch, int length, int heads, int width)
        where T : unmanaged, IElement<T>
    {
        var job = new Job<T>
        {
            Query = query,
            X = x,
            Last = last,
            Key = key,
            Value = value,
            ValueBias = valueBias,
            Attended = attended,
            Batch = batch,
            Length = length,
            Heads = heads,
            Width = width,
            Shares = new TaskShares(batch * heads),
        };
        if (Lanes16.Fit(width / heads)) OpenMp.Run(&Body<T, Lanes16>, &job);
        else OpenMp.Run(&Body<T, Lanes8>, &job);
    }

    private static void Body<T, TLanes>(void* state) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        ref var job = ref *(Job<T>*)state;
        var (width, depth) = (job.Width, job.Width / job.Heads);
        var query = ThreadScratch.Of(depth + 2L * width + job.Length);  // [depth]
        var asked = query + depth;                                      // [width]: p
        var mixed = asked + width;                                      // [width]
        var shares = mixed + width;                                     // [length]
        for (int thread = OpenMp.Thread, task; (task = job.Shares.Take(thread)) >= 0;)
        {
            // One head's weights stay in the cache for all rows.
            var (head, item) = Math.DivRem(task, job.Batch);
            var x = job.X + (long)item * job.Length * width;
            var at = (long)item * width + head * depth;
            var scale = TLanes.Create(1 / MathF.Sqrt(depth));
            for (var d = 0; d < depth; d += TLanes.Count) (T.Load<TLanes>(job.Query + at + d) * scale).Store(query + d);
            Mix<T, TLanes>(query, depth, job.Key + (long)head * depth * width, asked, width);
            var seen = job.Last is null ? job.Length : (int)job.Last[item] + 1;
            for (var token = 0; token < seen; token++) shares[token] = Dot<T, TLanes>(asked, x + (long)token * width, width);
            Softmax(new Span<float>(shares, seen));
            Mix<T, TLanes>(shares, seen, x, mixed, width);
            Mix<T, TLanes>(mixed, width, job.Value + (long)head * width * depth, query, depth);
            for (var d = 0; d < depth; d += TLanes.Count)
                T.Store(TLanes.Load(query + d) + T.Load<TLanes>(job.ValueBias + head * depth + d), job.Attended + at + d);
        }
    }

    /// <summary>The sum of rows [count, width], each times its factor; four at a time, as they lie in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix<T, TLanes>(float* factors, int count, T* rows, float* sum, int width)
        where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        new Span<float>(sum, width).Clear();
        var i = 0;
        for (; i + 4 <= count; i += 4)
        {
            TLanes f0 = TLanes.Create(factors[i]), f1 = TLanes.Create(factors[i + 1]);
            TLanes f2 = TLanes.Create(factors[i + 2]), f3 = TLanes.Create(factors[i + 3]);
            T* r0 = rows + (long)i * width, r1 = r0 + width, r2 = r1 + width, r3 = r2 + width;
            for (var c = 0; c < width; c += TLanes.Count)
            {
                var even = TLanes.MultiplyAdd(f0, T.Load<TLanes>(r0 + c), TLanes.Load(sum + c));
                var odd = f1 * T.Load<TLanes>(r1 + c);
                even = TLanes.MultiplyAdd(f2, T.Load<TLanes>(r2 + c), even);
                odd = TLanes.MultiplyAdd(f3, T.Load<TLanes>(r3 + c), odd);
                (even + odd).Store(sum + c);
            }
        }
        for (; i < count; i++)
        {
            var factor = TLanes.Create(factors[i]);
            for (var c = 0; c < width; c += TLanes.Count)
                TLanes.MultiplyAdd(factor, T.Load<TLanes>(rows + (long)i * width + c), TLanes.Load(sum + c)).Store(sum + c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot<T, TLanes>(float* a, T* b, int count) where T : unmanaged, IElement<T> where TLanes : struct, ILanes<TLanes>
    {
        var sum = TLanes.Create(0);
        for (var i = 0; i < count; i += TLanes.Count) sum = TLanes.MultiplyAdd(TLanes.Load(a + i), T.Load<TLanes>(b + i), sum);
        return sum.Sum();
    }

    private static void Softmax(Span<float> scores)
    {
        var (most, sum) = (float.NegativeInfinity, 0f);
        foreach (var score in scores) most = MathF.Max(most, score);
        foreach (ref var score in scores) sum += score = MathF.Exp(score - most);
        foreach (ref var score in scores) score /= sum;
    }

    private struct Job<T> where T : unmanaged
    {
        public T* Query, X, Key, Value, ValueBias, Attended;
        public long* Last;
        public int Batch, Length, Heads, Width;
        public TaskShares Shares;
    }
}
