using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>Eight numbers: AVX2.</summary>
[method: MethodImpl(MethodImplOptions.AggressiveInlining)]
internal readonly unsafe struct Lanes8(Vector256<float> value) : ILanes<Lanes8>
{
    private readonly Vector256<float> value = value;

    public static int Count => 8;

    public static Lanes8 Create(float value) => new(Vector256.Create(value));

    public static Lanes8 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Load(BrainFloat* from) =>
        new(Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32(Vector128.Load((ushort*)from)), 16).AsSingle());

    public static Lanes8 operator +(Lanes8 a, Lanes8 b) => new(a.value + b.value);

    public static Lanes8 operator -(Lanes8 a, Lanes8 b) => new(a.value - b.value);

    public static Lanes8 operator *(Lanes8 a, Lanes8 b) => new(a.value * b.value);

    public static Lanes8 operator /(Lanes8 a, Lanes8 b) => new(a.value / b.value);

    public static Lanes8 MultiplyAdd(Lanes8 a, Lanes8 b, Lanes8 c) => new(Fma.MultiplyAdd(a.value, b.value, c.value));

    public static Lanes8 MultiplyAddNegated(Lanes8 a, Lanes8 b, Lanes8 c) => new(Fma.MultiplyAddNegated(a.value, b.value, c.value));

    public static Lanes8 Max(Lanes8 a, Lanes8 b) => new(Avx.Max(a.value, b.value));

    public static Lanes8 Min(Lanes8 a, Lanes8 b) => new(Avx.Min(a.value, b.value));

    public static Lanes8 Abs(Lanes8 a) => new(Vector256.Abs(a.value));

    public static Lanes8 Round(Lanes8 a) => new(Avx.RoundToNearestInteger(a.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 PowerOfTwo(Lanes8 n) =>
        new(Avx2.ShiftLeftLogical(Avx2.Add(Avx.ConvertToVector256Int32(n.value), Vector256.Create(127)), 23).AsSingle());

    public void Store(float* to) => value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(BrainFloat* to)
    {
        var bits = value.AsUInt32();
        var rounded = (bits + Vector256.Create(0x7fffu) + ((bits >>> 16) & Vector256<uint>.One)) >>> 16;
        Vector128.Narrow(rounded.GetLower(), rounded.GetUpper()).Store((ushort*)to);
    }

    public float Sum() => Vector256.Sum(value);

    public float Max()
    {
        var most = value[0];
        for (var i = 1; i < Count; i++) most = MathF.Max(most, value[i]);
        return most;
    }
}
