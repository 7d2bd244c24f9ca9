namespace FewShotCluster.Bench.Robustness;

/// <summary>A soak run.</summary>
/// <param name="Encodes">Batches encoded.</param>
/// <param name="Items">Pictures and texts in them.</param>
/// <param name="Samples">Resident bytes, garbage collected: after each thousand batches from the first on, and at the end.</param>
/// <param name="Peak">The most that was ever resident, garbage included.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record SoakReport(int Encodes, long Items, IReadOnlyList<long> Samples, long Peak, double Seconds)
{
    /// <summary>A run that grows by this much leaks.</summary>
    public const double MostGrowth = 0.02;

    public long AfterThousand => Samples[0];

    public long AtEnd => Samples[^1];

    public long Highest => Samples.Max();

    /// <summary>Growth of the highest sample since the first thousand batches: 0.01 is a percent.</summary>
    public double Growth => (double)(Highest - AfterThousand) / AfterThousand;

    public bool Leaks => Growth >= MostGrowth;
}
