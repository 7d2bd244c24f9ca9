using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>A tensor's values in memory of our own, on a cache line: weights in the order in which a kernel reads them.</summary>
internal sealed unsafe class WeightMemory : IDisposable
{
    private const int CacheLine = 64;

    /// <param name="values">On the CPU; its owner's.</param>
    public WeightMemory(Tensor values)
    {
        using var dense = values.contiguous();
        var bytes = dense.bytes;
        Values = NativeMemory.AlignedAlloc((nuint)bytes.Length, CacheLine);
        bytes.CopyTo(new Span<byte>(Values, bytes.Length));
    }

    ~WeightMemory() => Free();

    /// <summary>Null after <see cref="Dispose"/>. Whoever reads them keeps this object alive meanwhile.</summary>
    public void* Values { get; private set; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Values);
        Values = null;
    }
}
