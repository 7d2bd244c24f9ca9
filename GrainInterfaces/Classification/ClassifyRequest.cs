namespace FewShotCluster.GrainInterfaces.Classification;

/// <summary>One image to classify.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClassifyRequest")]
public sealed record ClassifyRequest
{
    /// <summary>The class set's id.</summary>
    [Id(0)]
    public required string ClassSetId { get; init; }

    /// <summary>Encoded image bytes (JPEG, PNG, WebP, ...); not modified, not copied within a process.</summary>
    [Id(1)]
    public required byte[] Image { get; init; }

    /// <summary>How many classes to return, best first; 1 to 1000.</summary>
    [Id(2)]
    public int Top { get; init; } = 5;

    /// <summary>Answer from this version or a newer one (read your own write); 0: whatever is published.</summary>
    [Id(3)]
    public long MinimumVersion { get; init; }

    /// <summary>Time left for the answer when the request was sent; null: none but the transport's.</summary>
    [Id(4)]
    public TimeSpan? Deadline { get; init; }

    /// <summary>How much of the way to the answer to return.</summary>
    [Id(5)]
    public ExplainMode Explain { get; init; }

    /// <summary>Whether the image may enter the class set's unlabelled pool; false keeps it out whatever the set's policy is.</summary>
    [Id(6)]
    public bool Learn { get; init; } = true;
}

/// <summary>How much of the way to the answer to return.</summary>
public enum ExplainMode
{
    /// <summary>The answer only.</summary>
    None = 0,

    /// <summary>Top-k and margin of every stage that the image went through.</summary>
    Route = 1,

    /// <summary>Every stage is run and reported, those too that the cascade would have left out.</summary>
    AllStages = 2,
}
