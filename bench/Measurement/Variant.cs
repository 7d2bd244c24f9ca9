namespace FewShotCluster.Bench.Measurement;

/// <summary>One of the ways to do the same thing that are timed against each other.</summary>
/// <param name="Name">Unique among those compared.</param>
/// <param name="Call">Does it once.</param>
public sealed record Variant(string Name, Action Call);
