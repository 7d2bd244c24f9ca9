using System.Runtime.CompilerServices;

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
    static abstract T Apply<T>(T x) where T : struct, ILanes<T>;
}

internal readonly struct Identity : IActivation
{
    public static T Apply<T>(T x) where T : struct, ILanes<T> => x;
}

internal readonly struct Relu : IActivation
{
    public static T Apply<T>(T x) where T : struct, ILanes<T> => T.Max(T.Create(0), x); // not a number stays one
}

internal readonly struct Silu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T x) where T : struct, ILanes<T> => VectorMath.Silu(x);
}

internal readonly struct Gelu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T x) where T : struct, ILanes<T> => VectorMath.Gelu(x);
}
