namespace FewShotCluster.GrainInterfaces.Classification;

/// <summary>The stages of the cascade.</summary>
public enum CascadeStage
{
    /// <summary>Cosines with the text proxies (zero-shot CLIP).</summary>
    Text = 0,

    /// <summary>Cosines with the InMaP proxies; text where none are fitted. Decides seen or unseen, and among unseen classes.</summary>
    Proxies = 1,

    /// <summary>LP++ logits among the seen classes.</summary>
    Probe = 2,

    /// <summary>The ConvNeXt-V2 refiner within its family.</summary>
    Refiner = 3,
}

/// <summary>A class with its score.</summary>
/// <param name="Id">The user's id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Score">The stage's logit (for text and proxies: fused cosine times logit scale).</param>
/// <param name="Probability">
/// Softmax of the stage's logits over the classes it decides among, at the temperature that held-out shots gave; without shots at 1.
/// </param>
[GenerateSerializer, Immutable, Alias("fewshot.RankedClass")]
public sealed record RankedClass(
    [property: Id(0)] int Id, [property: Id(1)] string Name, [property: Id(2)] double Score, [property: Id(3)] double Probability);

/// <summary>What one stage said.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Top">Its classes, best first.</param>
/// <param name="Margin">Score of its best class minus that of its second; 0 with one class.</param>
/// <param name="Basis">What it was served from, in words.</param>
[GenerateSerializer, Immutable, Alias("fewshot.StageReport")]
public sealed record StageReport(
    [property: Id(0)] CascadeStage Stage,
    [property: Id(1)] IReadOnlyList<RankedClass> Top,
    [property: Id(2)] double Margin,
    [property: Id(3)] string Basis);

/// <summary>Where the time went, in milliseconds.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.StageTimings")]
public sealed record StageTimings(
    [property: Id(0)] double Snapshot, [property: Id(1)] double Encode, [property: Id(2)] double Refine, [property: Id(3)] double Score,
    [property: Id(4)] double Total);

/// <summary>The answer for one image.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClassificationAnswer")]
public sealed record ClassificationAnswer
{
    /// <summary>The class set's id.</summary>
    [Id(0)]
    public required string ClassSetId { get; init; }

    /// <summary>The version that answered.</summary>
    [Id(1)]
    public required long Version { get; init; }

    /// <summary>The stage that answered.</summary>
    [Id(2)]
    public required CascadeStage Stage { get; init; }

    /// <summary>The classes, best first.</summary>
    [Id(3)]
    public required IReadOnlyList<RankedClass> Top { get; init; }

    /// <summary>Encoder name to digest of weights and preprocessing.</summary>
    [Id(4)]
    public required IReadOnlyDictionary<string, string> Encoders { get; init; }

    /// <summary>Whether the image's features came from the cache.</summary>
    [Id(5)]
    public required bool CacheHit { get; init; }

    /// <summary>The device slot that encoded the image.</summary>
    [Id(6)]
    public required string Device { get; init; }

    /// <summary>Where the time went.</summary>
    [Id(7)]
    public required StageTimings Timings { get; init; }

    /// <summary>The stages' reports as asked for; empty without explanation.</summary>
    [Id(8)]
    public IReadOnlyList<StageReport> Stages { get; init; } = [];

    /// <summary>Whether the best class is less probable than the set's abstain threshold: better ask somebody.</summary>
    [Id(9)]
    public bool Abstained { get; init; }
}
