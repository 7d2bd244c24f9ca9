using FewShotCluster.Bench.Measurement;

namespace FewShotCluster.Bench.Cluster;

/// <summary>What a trial of a cluster found.</summary>
/// <param name="Figures">The numbers.</param>
/// <param name="Failures">What must not happen and did, in words: lost requests, lost or duplicated names, version gaps, stale answers.</param>
public sealed record TrialResult(IReadOnlyList<Figure> Figures, IReadOnlyList<string> Failures);
