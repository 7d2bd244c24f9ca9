namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>A background fit that somebody asks for. It is durable: a node that comes back takes it up again.</summary>
/// <param name="Kind">Which adaptation.</param>
/// <param name="Preset">Whose settings; null: the set's policy.</param>
/// <param name="Validation">
/// Key under which validation photos were staged (<see cref="IClassSetGrain.StageValidation"/>): LP++ keeps the epoch that has most of
/// them right. Null: none.
/// </param>
[GenerateSerializer, Immutable, Alias("fewshot.FitRequest")]
public sealed record FitRequest(
    [property: Id(0)] FitKind Kind, [property: Id(1)] FitPreset? Preset = null, [property: Id(2)] string? Validation = null)
{
    /// <summary>A fit by the set's policy.</summary>
    public static implicit operator FitRequest(FitKind kind) => new(kind);
}

/// <summary>Settings for one fit instead of the policy's.</summary>
public enum FitPreset
{
    /// <summary>The papers': LP++ as published, InMaP behind the gates.</summary>
    Paper = 0,

    /// <summary>The seed's: LP++ with alpha frozen and its schedule, its refiner schedule; its InMaP, which knows no gates.</summary>
    Seed = 1,
}

/// <summary>What a watcher of a class set sees.</summary>
/// <param name="Change">Counts what happened: pass it back to wait for the next event.</param>
/// <param name="Latest">The published version.</param>
/// <param name="Fits">The latest fit of each kind that ran since the set was loaded, those that wait included.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ClassSetProgress")]
public sealed record ClassSetProgress(
    [property: Id(0)] long Change, [property: Id(1)] ClassSetVersionRecord Latest, [property: Id(2)] IReadOnlyList<FitStatus> Fits);
