using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.Devices;

/// <summary>Float matrices as the little-endian bytes that travel and are stored.</summary>
internal static class FloatBytes
{
    public static byte[] From(ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values).ToArray();

    public static ReadOnlySpan<float> AsFloats(this byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes);

    public static ReadOnlySpan<float> AsFloats(this MatrixBytes bytes) => MemoryMarshal.Cast<byte, float>(bytes.Span);

    /// <summary>Rows one below the other.</summary>
    public static byte[] Concatenate(IReadOnlyCollection<MatrixBytes> rows)
    {
        var bytes = new byte[rows.Sum(row => row.Length)];
        var end = 0;
        foreach (var row in rows)
        {
            row.Span.CopyTo(bytes.AsSpan(end));
            end += row.Length;
        }
        return bytes;
    }

    /// <summary>The bytes of a row that a network returned.</summary>
    /// <exception cref="FewShotException">Internal: NaN or infinity would poison caches, pools and fits.</exception>
    public static byte[] Finite(float[] row, string encoder) => float.IsFinite(TensorPrimitives.SumOfSquares<float>(row))
        ? From(row)
        : throw new FewShotException(
            FewShotErrorCode.Internal, $"encoder '{encoder}' returned NaN or infinity: check its weights and dtype");
}
