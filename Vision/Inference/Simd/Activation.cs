using System.Runtime.Intrinsics;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>What follows a linear layer.</summary>
internal enum Activation
{
    None,
    Relu,

    /// <summary>x sigmoid(x): QuickGELU, once its 1.702 is in the weights.</summary>
    Silu,

    /// <summary>The exact one.</summary>
    Gelu,
}

/// <summary>An activation that the compiler knows.</summary>
internal interface IActivation
{
    static abstract Vector256<float> Apply(Vector256<float> x);
}

internal readonly struct Identity : IActivation
{
    public static Vector256<float> Apply(Vector256<float> x) => x;
}

internal readonly struct Relu : IActivation
{
    public static Vector256<float> Apply(Vector256<float> x) => Vector256.Max(x, Vector256<float>.Zero);
}

internal readonly struct Silu : IActivation
{
    public static Vector256<float> Apply(Vector256<float> x) => VectorMath.Silu(x);
}

internal readonly struct Gelu : IActivation
{
    public static Vector256<float> Apply(Vector256<float> x) => VectorMath.Gelu(x);
}
