namespace FewShotCluster.Bench.Measurement;

/// <summary>What interleaved rounds gave.</summary>
/// <param name="Timings">In the order of the variants.</param>
/// <param name="QuietRounds">Rounds without a busy neighbour.</param>
/// <param name="Rounds">All rounds.</param>
public sealed record Comparison(IReadOnlyList<Timing> Timings, int QuietRounds, int Rounds)
{
    public Timing this[string variant] => Timings.Single(t => t.Name == variant);
}

/// <summary>One variant's time.</summary>
/// <param name="Name">The variant.</param>
/// <param name="Milliseconds">Of a call.</param>
/// <param name="Ratio">The other's time divided by this one's, round by round: above 1 this one is faster.</param>
public sealed record Timing(string Name, Spread Milliseconds, Spread Ratio);
