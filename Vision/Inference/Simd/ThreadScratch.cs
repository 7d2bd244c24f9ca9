using System.Runtime.InteropServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>A thread's own memory, kept from call to call: fresh pages would cost more than some kernels.</summary>
internal static unsafe class ThreadScratch
{
    private const int CacheLine = 64;

    [ThreadStatic]
    private static float* memory;

    [ThreadStatic]
    private static long size;

    /// <summary>At least that many numbers, with any content; until the thread's next call.</summary>
    public static float* Of(long count)
    {
        if (count <= size) return memory;
        NativeMemory.AlignedFree(memory);
        size = count;
        return memory = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), CacheLine);
    }
}
