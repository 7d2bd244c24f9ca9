using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace FewShotCluster.Grains.Classification;

/// <summary>
/// Rows of one stage, packed [rows, D]; a score is a row times the image. Four rows share each load of the image, so that the reading of the
/// matrix, once and in order, is all that costs.
/// </summary>
internal sealed class ScoreMatrix(float[] values, int rows, int dimension)
{
    private const int Block = 4;

    public int Rows => rows;

    /// <summary>[rows, D].</summary>
    public ReadOnlySpan<float> Values => values;

    /// <summary>Row products.</summary>
    /// <param name="vector">[D].</param>
    public float[] Times(ReadOnlySpan<float> vector)
    {
        var scores = new float[rows];
        Times(vector, scores);
        return scores;
    }

    /// <param name="vector">[D].</param>
    /// <param name="scores">[rows].</param>
    public void Times(ReadOnlySpan<float> vector, Span<float> scores)
    {
        if (vector.Length != dimension) throw new ArgumentException($"{vector.Length} values for rows of {dimension}", nameof(vector));
        var row = 0;
        // Wide enough for a whole vector, or the remainder would be all there is.
        if (dimension >= Vector<float>.Count)
        {
            for (; row + Block <= rows; row += Block)
                Four(values.AsSpan(row * dimension, Block * dimension), vector, scores.Slice(row, Block));
        }
        for (; row < rows; row++) scores[row] = TensorPrimitives.Dot(values.AsSpan(row * dimension, dimension), vector);
    }

    private static void Four(ReadOnlySpan<float> rows, ReadOnlySpan<float> vector, Span<float> scores)
    {
        var length = vector.Length;
        ref var x = ref MemoryMarshal.GetReference(vector);
        ref var a = ref MemoryMarshal.GetReference(rows);
        ref var b = ref MemoryMarshal.GetReference(rows[length..]);
        ref var c = ref MemoryMarshal.GetReference(rows[(2 * length)..]);
        ref var d = ref MemoryMarshal.GetReference(rows[(3 * length)..]);
        Vector<float> sumA = default, sumB = default, sumC = default, sumD = default;
        nuint i = 0;
        var end = (nuint)(length - length % Vector<float>.Count);
        for (; i < end; i += (nuint)Vector<float>.Count)
        {
            var image = Vector.LoadUnsafe(ref x, i);
            sumA = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref a, i), image, sumA);
            sumB = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref b, i), image, sumB);
            sumC = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref c, i), image, sumC);
            sumD = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref d, i), image, sumD);
        }
        scores[0] = Vector.Sum(sumA);
        scores[1] = Vector.Sum(sumB);
        scores[2] = Vector.Sum(sumC);
        scores[3] = Vector.Sum(sumD);
        for (var rest = (int)end; rest < length; rest++)
        {
            for (var row = 0; row < Block; row++) scores[row] += rows[row * length + rest] * vector[rest];
        }
    }
}
