namespace FewShotCluster.Vision.Imaging;

/// <summary>Per-channel statistics that 8-bit pixels are normalised with: (value / 255 - mean) / standard deviation, in float32.</summary>
/// <param name="Mean">Mean of red, green and blue, of values in 0 to 1.</param>
/// <param name="StandardDeviation">Standard deviation of red, green and blue.</param>
public sealed record PixelNormalization(IReadOnlyList<float> Mean, IReadOnlyList<float> StandardDeviation)
{
    /// <summary>Mean of red, green and blue, of values in 0 to 1.</summary>
    public IReadOnlyList<float> Mean { get; } = Mean;

    /// <summary>Standard deviation of red, green and blue.</summary>
    public IReadOnlyList<float> StandardDeviation { get; } = StandardDeviation;

    // All 256 values of each channel: a look-up is several times cheaper than the arithmetic.
    private readonly float[][] _tables = [.. Enumerable.Range(0, 3).Select(c => Table(Mean[c], StandardDeviation[c]))];

    /// <summary>OpenAI CLIP's statistics (openai/CLIP, clip.py).</summary>
    public static PixelNormalization Clip { get; } = new([0.48145466f, 0.4578275f, 0.40821073f], [0.26862954f, 0.26130258f, 0.27577711f]);

    /// <summary>The statistics of ImageNet, used by ConvNeXt-V2 (timm).</summary>
    public static PixelNormalization ImageNet { get; } = new([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    /// <summary>The normalised value of each of the 256 pixel values of a channel: 0 red, 1 green, 2 blue.</summary>
    public ReadOnlySpan<float> Table(int channel) => _tables[channel];

    /// <summary>Writes the picture as [3, height, width] float32 into <paramref name="planes"/>.</summary>
    /// <exception cref="ArgumentException">The span has another length than 3 x height x width.</exception>
    public void Normalize(RgbImage image, Span<float> planes)
    {
        var plane = image.Width * image.Height;
        if (planes.Length != 3 * plane)
            throw new ArgumentException($"{planes.Length} values for 3 x {image.Height} x {image.Width}", nameof(planes));
        var red = planes[..plane];
        var green = planes.Slice(plane, plane);
        var blue = planes.Slice(2 * plane, plane);
        var pixels = image.Rgbx[..(plane * RgbImage.BytesPerPixel)];
        float[] redTable = _tables[0], greenTable = _tables[1], blueTable = _tables[2];
        for (int i = 0, from = 0; i < plane; i++, from += RgbImage.BytesPerPixel)
        {
            red[i] = redTable[pixels[from]];
            green[i] = greenTable[pixels[from + 1]];
            blue[i] = blueTable[pixels[from + 2]];
        }
    }

    private static float[] Table(float mean, float deviation)
    {
        var table = new float[256];
        for (var value = 0; value < table.Length; value++) table[value] = (value / 255f - mean) / deviation;
        return table;
    }
}
