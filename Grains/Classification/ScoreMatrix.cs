using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace FewShotCluster.Grains.Classification;

/// <summary>
/// Rows of one stage, packed in chunks [64, D]; a score is a row times the image. Four rows share each load of the image, so that the
/// reading of the matrix, once and in order, is all that costs. Chunks that a next version leaves as they are become its own: fresh megabytes
/// for every added name cost more than their arithmetic.
/// </summary>
/// <param name="chunks">Of <see cref="ChunkRows"/> rows each, the last of what is left.</param>
/// <param name="rows">In all.</param>
/// <param name="dimension">D.</param>
internal sealed class ScoreMatrix(float[][] chunks, int rows, int dimension)
{
    public const int ChunkRows = 64;

    private const int Block = 4;

    /// <summary>Of one piece [rows, D].</summary>
    public ScoreMatrix(ReadOnlySpan<float> values, int rows, int dimension) : this(Cut(values, dimension), rows, dimension)
    {
    }

    public int Rows => rows;

    /// <summary>Rows of a chunk [rows, D].</summary>
    public float[] Chunk(int number) => chunks[number];

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
        for (var chunk = 0; chunk < chunks.Length; chunk++)
        {
            var first = chunk * ChunkRows;
            Times(chunks[chunk], vector, scores[first..Math.Min(first + ChunkRows, rows)]);
        }
    }

    private static float[][] Cut(ReadOnlySpan<float> values, int dimension)
    {
        var size = ChunkRows * dimension;
        var chunks = new float[(values.Length + size - 1) / size][];
        for (var i = 0; i < chunks.Length; i++) chunks[i] = values[(i * size)..Math.Min((i + 1) * size, values.Length)].ToArray();
        return chunks;
    }

    private static void Times(ReadOnlySpan<float> values, ReadOnlySpan<float> vector, Span<float> scores)
    {
        var (dimension, rows, row) = (vector.Length, scores.Length, 0);
        // Wide enough for a whole vector, or the remainder would be all there is.
        if (dimension >= Vector<float>.Count)
        {
            for (; row + Block <= rows; row += Block)
                Four(values.Slice(row * dimension, Block * dimension), vector, scores.Slice(row, Block));
        }
        for (; row < rows; row++) scores[row] = TensorPrimitives.Dot(values.Slice(row * dimension, dimension), vector);
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
