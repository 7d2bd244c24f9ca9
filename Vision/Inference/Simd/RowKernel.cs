using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>A number of rows that the compiler knows.</summary>
internal interface IRows
{
    static abstract int Count { get; }
}

/// <summary>
/// The innermost product: some rows times one panel of 16 columns, all sums in registers. Six rows in twelve registers of AVX2: two
/// multiply-adds a cycle need six broadcasts and two loads in six cycles, which is within what processors load. Twelve rows in twelve
/// registers of AVX-512: thirteen loads in six cycles, nearly so. A sum is the same in both.
/// </summary>
internal static unsafe class RowKernel
{
    private const int NarrowRows = 6, WideRows = 12, CacheLine = 64;

    /// <summary>Columns of b and c.</summary>
    public const int Panel = 16;

    /// <summary>Rows at a time.</summary>
    public static readonly int MaxRows = CpuFeatures.HasAvx512 ? WideRows : NarrowRows;

    /// <summary>c (+)= a b for any number of rows.</summary>
    /// <param name="rows">Rows of <paramref name="a"/> and <paramref name="c"/>.</param>
    /// <param name="a">[rows, depth], rows <paramref name="strideA"/> apart.</param>
    /// <param name="strideA">Elements.</param>
    /// <param name="b">[depth, 16]</param>
    /// <param name="c">[rows, 16], rows <paramref name="strideC"/> apart.</param>
    /// <param name="strideC">Elements.</param>
    /// <param name="depth">Length of the sums.</param>
    /// <param name="add">Whether c's old values are added.</param>
    /// <param name="next">The next call's <paramref name="b"/>, fetched meanwhile: few rows would else wait for memory, then compute.</param>
    public static void Multiply(int rows, float* a, int strideA, float* b, float* c, int strideC, int depth, bool add, float* next = null)
    {
        var passes = (rows + MaxRows - 1) / MaxRows;
        var ahead = new Prefetch { Address = (byte*)(next is null ? b : next), Step = CacheLine / Math.Min(passes, CacheLine) };
        if (CpuFeatures.HasAvx512)
        {
            for (; rows >= WideRows; rows -= WideRows, a += WideRows * strideA, c += WideRows * strideC, ahead.Address += ahead.Step * depth)
                MultiplyWide((byte*)a, strideA * sizeof(float), b, c, strideC, depth, add, ahead);
        }
        for (; rows >= NarrowRows; rows -= NarrowRows, a += NarrowRows * strideA, c += NarrowRows * strideC, ahead.Address += ahead.Step * depth)
            Multiply<Six>(a, strideA, b, c, strideC, depth, add, ahead);
        switch (rows)
        {
            case 5: Multiply<Five>(a, strideA, b, c, strideC, depth, add, ahead); break;
            case 4: Multiply<Four>(a, strideA, b, c, strideC, depth, add, ahead); break;
            case 3: Multiply<Three>(a, strideA, b, c, strideC, depth, add, ahead); break;
            case 2: Multiply<Two>(a, strideA, b, c, strideC, depth, add, ahead); break;
            case 1: Multiply<One>(a, strideA, b, c, strideC, depth, add, ahead); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TRows>(
        float* a, int strideA, float* b, float* c, int strideC, int depth, bool add, Prefetch ahead)
        where TRows : struct, IRows
    {
        float* a1 = a + strideA, a2 = a1 + strideA, a3 = a2 + strideA, a4 = a3 + strideA, a5 = a4 + strideA;
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        Vector256<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        var prefetch = ahead.Address;
        var step = ahead.Step;
        for (var k = 0; k < depth; k++)
        {
            Sse.Prefetch1(prefetch);
            prefetch += step;
            var (b0, b1) = (Vector256.LoadAligned(b), Vector256.LoadAligned(b + 8));
            b += Panel;
            var x = Avx.BroadcastScalarToVector256(a + k);
            c00 = Fma.MultiplyAdd(x, b0, c00);
            c01 = Fma.MultiplyAdd(x, b1, c01);
            if (TRows.Count > 1)
            {
                x = Avx.BroadcastScalarToVector256(a1 + k);
                c10 = Fma.MultiplyAdd(x, b0, c10);
                c11 = Fma.MultiplyAdd(x, b1, c11);
            }
            if (TRows.Count > 2)
            {
                x = Avx.BroadcastScalarToVector256(a2 + k);
                c20 = Fma.MultiplyAdd(x, b0, c20);
                c21 = Fma.MultiplyAdd(x, b1, c21);
            }
            if (TRows.Count > 3)
            {
                x = Avx.BroadcastScalarToVector256(a3 + k);
                c30 = Fma.MultiplyAdd(x, b0, c30);
                c31 = Fma.MultiplyAdd(x, b1, c31);
            }
            if (TRows.Count > 4)
            {
                x = Avx.BroadcastScalarToVector256(a4 + k);
                c40 = Fma.MultiplyAdd(x, b0, c40);
                c41 = Fma.MultiplyAdd(x, b1, c41);
            }
            if (TRows.Count > 5)
            {
                x = Avx.BroadcastScalarToVector256(a5 + k);
                c50 = Fma.MultiplyAdd(x, b0, c50);
                c51 = Fma.MultiplyAdd(x, b1, c51);
            }
        }
        Store(c, c00, c01, add);
        if (TRows.Count > 1) Store(c + strideC, c10, c11, add);
        if (TRows.Count > 2) Store(c + 2 * strideC, c20, c21, add);
        if (TRows.Count > 3) Store(c + 3 * strideC, c30, c31, add);
        if (TRows.Count > 4) Store(c + 4 * strideC, c40, c41, add);
        if (TRows.Count > 5) Store(c + 5 * strideC, c50, c51, add);
    }

    // Rows are addressed from three of them: twelve pointers would not stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyWide(byte* a, nint stride, float* b, float* c, int strideC, int depth, bool add, Prefetch ahead)
    {
        byte* a4 = a + 4 * stride, a8 = a4 + 4 * stride;
        var stride3 = 3 * stride;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        Vector512<float> c6 = default, c7 = default, c8 = default, c9 = default, c10 = default, c11 = default;
        var prefetch = ahead.Address;
        var step = ahead.Step;
        for (var k = 0; k < depth; k++, a += sizeof(float), a4 += sizeof(float), a8 += sizeof(float), b += Panel)
        {
            Sse.Prefetch1(prefetch);
            prefetch += step;
            var x = Vector512.LoadAligned(b);
            c0 = Avx512F.FusedMultiplyAdd(Broadcast(a), x, c0);
            c1 = Avx512F.FusedMultiplyAdd(Broadcast(a + stride), x, c1);
            c2 = Avx512F.FusedMultiplyAdd(Broadcast(a + 2 * stride), x, c2);
            c3 = Avx512F.FusedMultiplyAdd(Broadcast(a + stride3), x, c3);
            c4 = Avx512F.FusedMultiplyAdd(Broadcast(a4), x, c4);
            c5 = Avx512F.FusedMultiplyAdd(Broadcast(a4 + stride), x, c5);
            c6 = Avx512F.FusedMultiplyAdd(Broadcast(a4 + 2 * stride), x, c6);
            c7 = Avx512F.FusedMultiplyAdd(Broadcast(a4 + stride3), x, c7);
            c8 = Avx512F.FusedMultiplyAdd(Broadcast(a8), x, c8);
            c9 = Avx512F.FusedMultiplyAdd(Broadcast(a8 + stride), x, c9);
            c10 = Avx512F.FusedMultiplyAdd(Broadcast(a8 + 2 * stride), x, c10);
            c11 = Avx512F.FusedMultiplyAdd(Broadcast(a8 + stride3), x, c11);
        }
        StoreWide(c, c0, add);
        StoreWide(c + strideC, c1, add);
        StoreWide(c + 2 * strideC, c2, add);
        StoreWide(c + 3 * strideC, c3, add);
        StoreWide(c + 4 * strideC, c4, add);
        StoreWide(c + 5 * strideC, c5, add);
        StoreWide(c + 6 * strideC, c6, add);
        StoreWide(c + 7 * strideC, c7, add);
        StoreWide(c + 8 * strideC, c8, add);
        StoreWide(c + 9 * strideC, c9, add);
        StoreWide(c + 10 * strideC, c10, add);
        StoreWide(c + 11 * strideC, c11, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Broadcast(byte* from) => Vector512.Create(*(float*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreWide(float* c, Vector512<float> sums, bool add)
    {
        if (add) sums += Vector512.Load(c);
        sums.Store(c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, Vector256<float> low, Vector256<float> high, bool add)
    {
        if (add)
        {
            low += Vector256.Load(c);
            high += Vector256.Load(c + 8);
        }
        low.Store(c);
        high.Store(c + 8);
    }

    private struct Prefetch
    {
        public byte* Address;
        public int Step;
    }

    private readonly struct One : IRows { public static int Count => 1; }

    private readonly struct Two : IRows { public static int Count => 2; }

    private readonly struct Three : IRows { public static int Count => 3; }

    private readonly struct Four : IRows { public static int Count => 4; }

    private readonly struct Five : IRows { public static int Count => 5; }

    private readonly struct Six : IRows { public static int Count => 6; }
}
