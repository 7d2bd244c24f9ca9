using static TorchSharp.torch;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>A tensor's sizes one by one: TorchSharp's <c>shape</c> calls back for its array and takes 2.5 us, as long as a small kernel.</summary>
internal static class TensorSizes
{
    /// <summary>Of a dimension, from the end if negative.</summary>
    public static int Size(this Tensor x, int dimension) => (int)x.size(dimension);

    /// <summary>All sizes, with another last one.</summary>
    public static long[] SizesWithLast(this Tensor x, long last)
    {
        var sizes = new long[x.ndim];
        for (var i = 0; i < sizes.Length - 1; i++) sizes[i] = x.size(i);
        sizes[^1] = last;
        return sizes;
    }
}
