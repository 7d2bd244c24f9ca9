using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>A number format in memory; arithmetic is float32's in all of them.</summary>
internal unsafe interface IElement<TSelf> where TSelf : unmanaged, IElement<TSelf>
{
    static abstract TLanes Load<TLanes>(TSelf* from) where TLanes : struct, ILanes<TLanes>;

    static abstract void Store<TLanes>(TLanes value, TSelf* to) where TLanes : struct, ILanes<TLanes>;
}

/// <summary>float32</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(float))]
internal readonly unsafe struct Float32 : IElement<Float32>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(Float32* from) where TLanes : struct, ILanes<TLanes> => TLanes.Load((float*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes>(TLanes value, Float32* to) where TLanes : struct, ILanes<TLanes> => value.Store((float*)to);
}

/// <summary>bfloat16: the upper half of a float32.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(ushort))]
internal readonly unsafe struct BrainFloat : IElement<BrainFloat>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(BrainFloat* from) where TLanes : struct, ILanes<TLanes> => TLanes.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes>(TLanes value, BrainFloat* to) where TLanes : struct, ILanes<TLanes> => value.Store(to);
}
