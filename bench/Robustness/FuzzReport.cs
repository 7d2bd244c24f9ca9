namespace FewShotCluster.Bench.Robustness;

/// <summary>A case that ended as none may; the run's seed and its number make it again.</summary>
/// <param name="Number">The case; -1: the run as a whole.</param>
/// <param name="Kind">crash, hang, exception, memory or file.</param>
/// <param name="What">What happened.</param>
public sealed record FuzzFailure(int Number, string Kind, string What);

/// <summary>A whole run.</summary>
/// <param name="Seed">Every case follows from it.</param>
/// <param name="Cases">Cases run.</param>
/// <param name="Accepted">Read.</param>
/// <param name="Refused">Refused by the typed exception.</param>
/// <param name="Growth">Resident memory at the end against that after the first thousand, 0.01 is a percent; null: too few cases.</param>
/// <param name="Seconds">Wall time.</param>
/// <param name="Failures">Everything else; empty in a good run.</param>
public sealed record FuzzReport(
    ulong Seed, int Cases, int Accepted, int Refused, double? Growth, double Seconds, IReadOnlyList<FuzzFailure> Failures)
{
    /// <summary>How many failures are of a kind.</summary>
    public int Count(string kind) => Failures.Count(f => f.Kind == kind);
}
