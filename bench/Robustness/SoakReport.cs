namespace FewShotCluster.Bench.Robustness;

/// <summary>A soak run.</summary>
/// <param name="Encodes">Batches encoded.</param>
/// <param name="Items">Pictures and texts in them.</param>
/// <param name="AfterThousand">Resident bytes after the first thousand batches, garbage collected.</param>
/// <param name="AtEnd">The same at the end.</param>
/// <param name="Highest">The highest of the samples in between and at the end.</param>
/// <param name="Peak">The most that was ever resident, garbage included.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record SoakReport(int Encodes, long Items, long AfterThousand, long AtEnd, long Highest, long Peak, double Seconds)
{
    /// <summary>A run that grows by this much leaks.</summary>
    public const double MostGrowth = 0.02;

    /// <summary>Growth of the highest sample since the first thousand batches: 0.01 is a percent.</summary>
    public double Growth => (double)(Highest - AfterThousand) / AfterThousand;

    public bool Leaks => Growth >= MostGrowth;
}
