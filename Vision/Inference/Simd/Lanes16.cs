using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>Sixteen numbers: AVX-512.</summary>
[method: MethodImpl(MethodImplOptions.AggressiveInlining)]
internal readonly unsafe struct Lanes16(Vector512<float> value) : ILanes<Lanes16>
{
    private readonly Vector512<float> value = value;

    public static int Count => 16;

    /// <summary>Whether so many numbers are whole registers of a processor that has them.</summary>
    public static bool Fit(int count) => CpuFeatures.HasAvx512 && count % Count == 0;

    public static Lanes16 Create(float value) => new(Vector512.Create(value));

    public static Lanes16 Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Load(BrainFloat* from) =>
        new(Avx512F.ShiftLeftLogical(Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)from)), 16).AsSingle());

    public static Lanes16 operator +(Lanes16 a, Lanes16 b) => new(a.value + b.value);

    public static Lanes16 operator -(Lanes16 a, Lanes16 b) => new(a.value - b.value);

    public static Lanes16 operator *(Lanes16 a, Lanes16 b) => new(a.value * b.value);

    public static Lanes16 operator /(Lanes16 a, Lanes16 b) => new(a.value / b.value);

    public static Lanes16 MultiplyAdd(Lanes16 a, Lanes16 b, Lanes16 c) => new(Avx512F.FusedMultiplyAdd(a.value, b.value, c.value));

    public static Lanes16 MultiplyAddNegated(Lanes16 a, Lanes16 b, Lanes16 c) =>
        new(Avx512F.FusedMultiplyAddNegated(a.value, b.value, c.value));

    public static Lanes16 Max(Lanes16 a, Lanes16 b) => new(Avx512F.Max(a.value, b.value));

    public static Lanes16 Min(Lanes16 a, Lanes16 b) => new(Avx512F.Min(a.value, b.value));

    public static Lanes16 Abs(Lanes16 a) => new(Vector512.Abs(a.value));

    public static Lanes16 Round(Lanes16 a) => new(Avx512F.RoundScale(a.value, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 PowerOfTwo(Lanes16 n) =>
        new(Avx512F.ShiftLeftLogical(Avx512F.ConvertToVector512Int32(n.value) + Vector512.Create(127), 23).AsSingle());

    public void Store(float* to) => value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(BrainFloat* to)
    {
        var bits = value.AsUInt32();
        var rounded = (bits + Vector512.Create(0x7fffu) + ((bits >>> 16) & Vector512<uint>.One)) >>> 16;
        Avx512F.ConvertToVector256UInt16(rounded).Store((ushort*)to);
    }

    public float Sum() => Vector512.Sum(value);

    public float Max()
    {
        var halves = Vector256.Max(value.GetLower(), value.GetUpper());
        return new Lanes8(halves).Max();
    }
}
