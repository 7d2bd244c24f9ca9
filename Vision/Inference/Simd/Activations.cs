using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>What happens to a linear layer's outputs while they are still in registers.</summary>
internal interface IActivation
{
    static abstract Vector256<float> Apply(Vector256<float> x);
}

/// <summary>Nothing.</summary>
internal readonly struct Identity : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> x) => x;
}

/// <summary>max(x, 0)</summary>
internal readonly struct Relu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> x) => Vector256.Max(x, Vector256<float>.Zero);
}

/// <summary>x sigmoid(x)</summary>
internal readonly struct Silu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> x) => x / (Vector256<float>.One + Vector256.Exp(-x));
}

/// <summary>
/// x/2 (1 + erf(x / sqrt 2)), erf by Abramowitz and Stegun 7.1.26, whose error is at most 1.5e-7.
/// </summary>
internal readonly struct Gelu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> x)
    {
        var z = Vector256.Abs(x) * 0.70710678f;
        var t = Vector256<float>.One / Fma.MultiplyAdd(z, Vector256.Create(0.3275911f), Vector256<float>.One);
        var p = Fma.MultiplyAdd(t, Vector256.Create(1.061405429f), Vector256.Create(-1.453152027f));
        p = Fma.MultiplyAdd(p, t, Vector256.Create(1.421413741f));
        p = Fma.MultiplyAdd(p, t, Vector256.Create(-0.284496736f));
        p = Fma.MultiplyAdd(p, t, Vector256.Create(0.254829592f));
        // tail = 1 - erf(z): for x < 0 it is the whole factor, for x >= 0 what is missing from 2.
        var tail = p * t * Vector256.Exp(-(z * z));
        var factor = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256<float>.Zero), tail, Vector256.Create(2f) - tail);
        return x * 0.5f * factor;
    }
}
