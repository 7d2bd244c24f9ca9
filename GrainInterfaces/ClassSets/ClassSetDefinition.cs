namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>What a user gives to create a class set.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClassSetDefinition")]
public sealed record ClassSetDefinition
{
    /// <summary>The classes, in the user's order. May be empty: names can be added later.</summary>
    [Id(0)]
    public required IReadOnlyList<ClassDefinition> Classes { get; init; }

    /// <summary>How names become prompts and scores become answers.</summary>
    [Id(1)]
    public ClassSetPolicy Policy { get; init; } = new();
}

/// <summary>One class as its user describes it. A class without shots is <i>unseen</i>: its name alone is known.</summary>
/// <param name="Name">Unique within the set after trimming; case matters. Underscores read as spaces in prompts.</param>
/// <param name="Id">The user's integer id; null takes the next free one.</param>
/// <param name="Family">Named group (animals, dogs, ...); a family may have a refiner.</param>
/// <param name="Prompt">Full text instead of the templates, for a class whose name alone misleads.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ClassDefinition")]
public sealed record ClassDefinition(
    [property: Id(0)] string Name,
    [property: Id(1)] int? Id = null,
    [property: Id(2)] string? Family = null,
    [property: Id(3)] string? Prompt = null);
