namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// For each output position of one axis: which inputs it is made of and their weights in fixed point. Pillow's
/// <c>precompute_coeffs</c> and <c>normalize_coeffs_8bpc</c> (Resample.c): float64 weights, widened by the reduction, rounded to 22 bits.
/// </summary>
internal sealed class ResampleWeights
{
    /// <summary>Fraction bits: 32 - 8 for the sample - 2 for overshoot and sign.</summary>
    public const int Precision = 22;

    private ResampleWeights(int count, int stride)
    {
        First = new int[count];
        Count = new int[count];
        Values = new int[count * stride];
        Stride = stride;
    }

    /// <summary>First input of each output.</summary>
    public int[] First { get; }

    /// <summary>Number of inputs of each output.</summary>
    public int[] Count { get; }

    /// <summary>Weights, <see cref="Stride"/> for each output.</summary>
    public int[] Values { get; }

    /// <summary>Distance between two outputs' weights.</summary>
    public int Stride { get; }

    /// <summary>
    /// Weights of <paramref name="count"/> outputs from <paramref name="offset"/> on, when <paramref name="input"/> samples become
    /// <paramref name="output"/>.
    /// </summary>
    public static ResampleWeights Create(int input, long output, long offset, int count, ResampleFilter filter)
    {
        var scale = (double)input / output;
        var stretch = Math.Max(scale, 1.0);
        var support = (filter == ResampleFilter.Bicubic ? 2.0 : 1.0) * stretch;
        var weights = new ResampleWeights(count, (int)Math.Ceiling(support) * 2 + 1);
        var inverse = 1.0 / stretch;
        var kernel = new double[weights.Stride];
        for (var i = 0; i < count; i++)
        {
            var centre = (offset + i + 0.5) * scale;
            var first = Math.Max((int)(centre - support + 0.5), 0);
            var taps = Math.Min((int)(centre + support + 0.5), input) - first;
            var sum = 0.0;
            for (var j = 0; j < taps; j++)
            {
                kernel[j] = filter == ResampleFilter.Bicubic
                    ? Bicubic((j + first - centre + 0.5) * inverse)
                    : Bilinear((j + first - centre + 0.5) * inverse);
                sum += kernel[j];
            }
            for (var j = 0; j < taps; j++)
            {
                var weight = (sum != 0 ? kernel[j] / sum : kernel[j]) * (1 << Precision);
                weights.Values[i * weights.Stride + j] = (int)(weight < 0 ? weight - 0.5 : weight + 0.5);
            }
            (weights.First[i], weights.Count[i]) = (first, taps);
        }
        return weights;
    }

    private static double Bilinear(double x) => Math.Abs(x) < 1 ? 1 - Math.Abs(x) : 0;

    private static double Bicubic(double x)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1
            : x < 2 ? (((x - 5) * x + 8) * x - 4) * a
            : 0;
    }
}
