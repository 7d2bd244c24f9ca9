namespace FewShotCluster.Bench.Measurement;

/// <summary>What every bench verb writes with <c>--json</c>.</summary>
/// <param name="Machine">Where it ran.</param>
/// <param name="Commit">What ran.</param>
/// <param name="Figures">The numbers.</param>
public sealed record BenchReport(Machine Machine, string Commit, IReadOnlyList<Figure> Figures)
{
    /// <summary>The figures with this machine and this program.</summary>
    public static BenchReport Of(IReadOnlyList<Figure> figures) => new(Machine.Here(), SourceCommit.Find(), figures);
}
