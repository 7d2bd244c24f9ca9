using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>A number of rows that the compiler knows.</summary>
internal interface IRows
{
    static abstract int Count { get; }
}

/// <summary>
/// The innermost product in float32: some rows times one panel of two registers' columns, all sums in registers. Twelve rows take 24 of
/// AVX-512's 32 registers and 14 loads in the 12 cycles of their multiply-adds; six take 12 of AVX2's 16 and 8 loads in 6. The next
/// panel is fetched meanwhile: few rows would else wait for memory, then compute.
/// </summary>
internal static unsafe class RowKernel
{
    private const int NarrowRows = 6, WideRows = 12, CacheLine = 64;

    /// <summary>Columns of b and c.</summary>
    public static readonly int Panel = 2 * (CpuFeatures.HasAvx512 ? Lanes16.Count : Lanes8.Count);

    /// <summary>c (+)= a b for any number of rows.</summary>
    /// <param name="rows">Rows of <paramref name="a"/> and <paramref name="c"/>.</param>
    /// <param name="depth">Length of the sums.</param>
    /// <param name="a">[rows, depth], rows <paramref name="strideA"/> apart.</param>
    /// <param name="strideA">Elements.</param>
    /// <param name="b">[depth, panel], on a cache line.</param>
    /// <param name="c">[rows, panel], rows <paramref name="strideC"/> apart.</param>
    /// <param name="strideC">Elements.</param>
    /// <param name="add">Whether c's old values are added.</param>
    /// <param name="next">The next call's <paramref name="b"/>; never read.</param>
    public static void Multiply(int rows, int depth, float* a, int strideA, float* b, float* c, int strideC, bool add, float* next)
    {
        if (CpuFeatures.HasAvx512) Multiply<Lanes16>(WideRows, rows, depth, a, strideA, b, c, strideC, add, (byte*)next);
        else Multiply<Lanes8>(NarrowRows, rows, depth, a, strideA, b, c, strideC, add, (byte*)next);
    }

    /// <summary>In passes of nearly the same size: a few rows alone are far from twelve's speed.</summary>
    private static void Multiply<TLanes>(
        int most, int rows, int depth, float* a, int strideA, float* b, float* c, int strideC, bool add, byte* next)
        where TLanes : struct, ILanes<TLanes>
    {
        var passes = (rows + most - 1) / most;
        var step = 2 * TLanes.Count * sizeof(float) / passes;
        for (var pass = 0; pass < passes; pass++, next += step * depth)
        {
            var (first, end) = (pass * rows / passes, (pass + 1) * rows / passes);
            byte* from = (byte*)(a + (long)first * strideA);
            float* to = c + (long)first * strideC;
            var stride = (nint)strideA * sizeof(float);
            switch (end - first)
            {
                case 12: Pass<TLanes, Twelve>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 11: Pass<TLanes, Eleven>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 10: Pass<TLanes, Ten>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 9: Pass<TLanes, Nine>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 8: Pass<TLanes, Eight>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 7: Pass<TLanes, Seven>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 6: Pass<TLanes, Six>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 5: Pass<TLanes, Five>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 4: Pass<TLanes, Four>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 3: Pass<TLanes, Three>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 2: Pass<TLanes, Two>(from, stride, b, to, strideC, depth, add, next, step); break;
                case 1: Pass<TLanes, One>(from, stride, b, to, strideC, depth, add, next, step); break;
            }
        }
    }

    // Rows are addressed from three of them: twelve pointers would not stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pass<TLanes, TRows>(
        byte* a, nint stride, float* b, float* c, int strideC, int depth, bool add, byte* next, nint step)
        where TLanes : struct, ILanes<TLanes> where TRows : struct, IRows
    {
        byte* a4 = a + 4 * stride, a8 = a4 + 4 * stride;
        var stride3 = 3 * stride;
        TLanes c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        TLanes c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        TLanes c80 = default, c81 = default, c90 = default, c91 = default, ca0 = default, ca1 = default, cb0 = default, cb1 = default;
        for (var k = 0; k < depth; k++, a += sizeof(float), a4 += sizeof(float), a8 += sizeof(float), b += 2 * TLanes.Count, next += step)
        {
            Sse.Prefetch0(next);
            if (2 * TLanes.Count * sizeof(float) > CacheLine) Sse.Prefetch0(next + CacheLine);
            var (b0, b1) = (TLanes.Load(b), TLanes.Load(b + TLanes.Count));
            Add(a, b0, b1, ref c00, ref c01);
            if (TRows.Count > 1) Add(a + stride, b0, b1, ref c10, ref c11);
            if (TRows.Count > 2) Add(a + 2 * stride, b0, b1, ref c20, ref c21);
            if (TRows.Count > 3) Add(a + stride3, b0, b1, ref c30, ref c31);
            if (TRows.Count > 4) Add(a4, b0, b1, ref c40, ref c41);
            if (TRows.Count > 5) Add(a4 + stride, b0, b1, ref c50, ref c51);
            if (TRows.Count > 6) Add(a4 + 2 * stride, b0, b1, ref c60, ref c61);
            if (TRows.Count > 7) Add(a4 + stride3, b0, b1, ref c70, ref c71);
            if (TRows.Count > 8) Add(a8, b0, b1, ref c80, ref c81);
            if (TRows.Count > 9) Add(a8 + stride, b0, b1, ref c90, ref c91);
            if (TRows.Count > 10) Add(a8 + 2 * stride, b0, b1, ref ca0, ref ca1);
            if (TRows.Count > 11) Add(a8 + stride3, b0, b1, ref cb0, ref cb1);
        }
        Store(c, c00, c01, add);
        if (TRows.Count > 1) Store(c + strideC, c10, c11, add);
        if (TRows.Count > 2) Store(c + 2 * strideC, c20, c21, add);
        if (TRows.Count > 3) Store(c + 3 * strideC, c30, c31, add);
        if (TRows.Count > 4) Store(c + 4 * strideC, c40, c41, add);
        if (TRows.Count > 5) Store(c + 5 * strideC, c50, c51, add);
        if (TRows.Count > 6) Store(c + 6 * strideC, c60, c61, add);
        if (TRows.Count > 7) Store(c + 7 * strideC, c70, c71, add);
        if (TRows.Count > 8) Store(c + 8 * strideC, c80, c81, add);
        if (TRows.Count > 9) Store(c + 9 * strideC, c90, c91, add);
        if (TRows.Count > 10) Store(c + 10 * strideC, ca0, ca1, add);
        if (TRows.Count > 11) Store(c + 11 * strideC, cb0, cb1, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TLanes>(byte* a, TLanes b0, TLanes b1, ref TLanes c0, ref TLanes c1) where TLanes : struct, ILanes<TLanes>
    {
        var x = TLanes.Create(*(float*)a);
        c0 = TLanes.MultiplyAdd(x, b0, c0);
        c1 = TLanes.MultiplyAdd(x, b1, c1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes>(float* c, TLanes low, TLanes high, bool add) where TLanes : struct, ILanes<TLanes>
    {
        if (add) (low, high) = (low + TLanes.Load(c), high + TLanes.Load(c + TLanes.Count));
        low.Store(c);
        high.Store(c + TLanes.Count);
    }

    private readonly struct One : IRows { public static int Count => 1; }

    private readonly struct Two : IRows { public static int Count => 2; }

    private readonly struct Three : IRows { public static int Count => 3; }

    private readonly struct Four : IRows { public static int Count => 4; }

    private readonly struct Five : IRows { public static int Count => 5; }

    private readonly struct Six : IRows { public static int Count => 6; }

    private readonly struct Seven : IRows { public static int Count => 7; }

    private readonly struct Eight : IRows { public static int Count => 8; }

    private readonly struct Nine : IRows { public static int Count => 9; }

    private readonly struct Ten : IRows { public static int Count => 10; }

    private readonly struct Eleven : IRows { public static int Count => 11; }

    private readonly struct Twelve : IRows { public static int Count => 12; }
}
