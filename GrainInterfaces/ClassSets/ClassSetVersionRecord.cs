namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>A line of a class set's history: one version that can be rolled back to.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClassSetVersionRecord")]
public sealed record ClassSetVersionRecord
{
    /// <summary>At most this many names of one version are listed.</summary>
    public const int MaxNames = 20;

    /// <summary>The version.</summary>
    [Id(0)]
    public required long Version { get; init; }

    /// <summary>When it was published.</summary>
    [Id(1)]
    public required DateTimeOffset PublishedAt { get; init; }

    /// <summary>What made it, in words.</summary>
    [Id(2)]
    public required string Operation { get; init; }

    /// <summary>Names that the version before did not have, the first <see cref="MaxNames"/>.</summary>
    [Id(3)]
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>How many names were added.</summary>
    [Id(4)]
    public int AddedCount { get; init; }

    /// <summary>Names that the version before had and this one has not, the first <see cref="MaxNames"/>.</summary>
    [Id(5)]
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>How many names were removed.</summary>
    [Id(6)]
    public int RemovedCount { get; init; }
}
