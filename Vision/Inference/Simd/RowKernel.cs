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
/// The innermost product: up to six rows times one panel of 16 columns, all twelve sums in registers. Two multiply-adds a cycle need
/// six broadcasts and two loads in six cycles, which is within what AVX2 processors load.
/// </summary>
internal static unsafe class RowKernel
{
    public const int MaxRows = 6;

    private const int CacheLine = 64;

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
        for (; rows >= MaxRows; rows -= MaxRows, a += MaxRows * strideA, c += MaxRows * strideC, ahead.Address += ahead.Step * depth)
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
            b += PackedMatrix.Panel;
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
