namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>A class set as <c>show</c> and <c>list</c> print it.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClassSetDescription")]
public sealed record ClassSetDescription
{
    /// <summary>The class set's id.</summary>
    [Id(0)]
    public required string ClassSetId { get; init; }

    /// <summary>Current version.</summary>
    [Id(1)]
    public required long Version { get; init; }

    /// <summary>The classes in the user's order.</summary>
    [Id(2)]
    public required IReadOnlyList<ClassDescription> Classes { get; init; }

    /// <summary>The policy.</summary>
    [Id(3)]
    public required ClassSetPolicy Policy { get; init; }

    /// <summary>What each stage is served from, in words: text, InMaP of n images, LP++ of n shots, ...</summary>
    [Id(4)]
    public required IReadOnlyDictionary<string, string> Serving { get; init; }

    /// <summary>Last fits, one per kind that ran.</summary>
    [Id(5)]
    public required IReadOnlyList<FitStatus> Fits { get; init; }
}

/// <summary>One class of a described set.</summary>
/// <param name="Id">The user's id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Family">Its family, if any.</param>
/// <param name="Shots">Labelled photos it has; 0: unseen.</param>
/// <param name="Fitted">Whether the served InMaP proxies were fitted with this name in the set.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ClassDescription")]
public sealed record ClassDescription(
    [property: Id(0)] int Id,
    [property: Id(1)] string Name,
    [property: Id(2)] string? Family,
    [property: Id(3)] int Shots,
    [property: Id(4)] bool Fitted);

/// <summary>A line of <c>class-set list</c>.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClassSetSummary")]
public sealed record ClassSetSummary(
    [property: Id(0)] string ClassSetId,
    [property: Id(1)] long Version,
    [property: Id(2)] int Classes,
    [property: Id(3)] int Seen);
