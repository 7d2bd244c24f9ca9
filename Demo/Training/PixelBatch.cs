using FewShotCluster.Demo.World;
using FewShotCluster.Vision.Imaging;
using static TorchSharp.torch;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// Makes normalised batches out of stored pixels, in one buffer that is used again: a batch lives until the next is built.
/// Augmentation shifts by up to a sixteenth of the side (the edge is repeated) and mirrors.
/// </summary>
internal sealed class PixelBatch(PixelStore store, PixelNormalization normalization, int size)
{
    private readonly float[] _values = new float[size * store.Side * store.Side * 3];
    // Normalised value of each byte: 256 of the red channel, then green, then blue.
    private readonly float[] _normalized = [.. normalization.Table(0), .. normalization.Table(1), .. normalization.Table(2)];

    /// <summary>[rows, 3, side, side], channels last in memory.</summary>
    public Tensor Build(ReadOnlySpan<int> rows, WorldRandom? augmentation = null)
    {
        var side = store.Side;
        for (var i = 0; i < rows.Length; i++)
            Write(store[rows[i]], _values.AsSpan(i * side * side * 3, side * side * 3), augmentation);
        return frombuffer(_values, ScalarType.Float32, (long)rows.Length * side * side * 3)
            .view(rows.Length, side, side, 3)
            .permute(0, 3, 1, 2);
    }

    private void Write(ReadOnlySpan<byte> pixels, Span<float> values, WorldRandom? augmentation)
    {
        var side = store.Side;
        var reach = side / 16;
        var (shiftX, shiftY, mirror) = augmentation is null
            ? (0, 0, false)
            : (augmentation.Integer(-reach, reach), augmentation.Integer(-reach, reach), augmentation.Chance(.5));
        var at = 0;
        for (var y = 0; y < side; y++)
        {
            var line = Math.Clamp(y + shiftY, 0, side - 1) * side;
            for (var x = 0; x < side; x++)
            {
                var from = 3 * (line + Math.Clamp((mirror ? side - 1 - x : x) + shiftX, 0, side - 1));
                values[at++] = _normalized[pixels[from]];
                values[at++] = _normalized[256 + pixels[from + 1]];
                values[at++] = _normalized[512 + pixels[from + 2]];
            }
        }
    }
}
