namespace FewShotCluster.Bench.Measurement;

/// <summary>Median and quartiles of a few measurements.</summary>
public readonly record struct Spread(double Median, double Low, double High)
{
    /// <summary>Quartiles between two measurements are interpolated, as NumPy's are.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0) throw new ArgumentException("no measurements");
        return new Spread(Quantile(0.5), Quantile(0.25), Quantile(0.75));

        double Quantile(double share)
        {
            var place = share * (sorted.Length - 1);
            var below = (int)place;
            return sorted[below] + (place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
        }
    }
}
