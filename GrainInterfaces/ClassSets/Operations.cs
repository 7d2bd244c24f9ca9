using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>The version that a write published: pass it back as the minimum version to read your own write.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClassSetVersion")]
public sealed record ClassSetVersion([property: Id(0)] string ClassSetId, [property: Id(1)] long Version);

/// <summary>A labelled photo.</summary>
/// <param name="Source">Where it came from (a file name), for messages.</param>
/// <param name="ClassId">The user's id of its class.</param>
/// <param name="Image">Encoded image bytes (JPEG, PNG, ...); not modified, not copied.</param>
[GenerateSerializer, Immutable, Alias("fewshot.Shot")]
public sealed record Shot([property: Id(0)] string Source, [property: Id(1)] int ClassId, [property: Id(2)] byte[] Image);

/// <summary>An input that was left out, and why.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.FailedInput")]
public sealed record FailedInput([property: Id(0)] string Source, [property: Id(1)] FewShotErrorCode Code, [property: Id(2)] string Message);

/// <summary>Outcome of adding shots: what could be read was added in one version, the rest is listed.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.AddShotsResult")]
public sealed record AddShotsResult(
    [property: Id(0)] long Version,
    [property: Id(1)] int Added,
    [property: Id(2)] int Duplicates,
    [property: Id(3)] IReadOnlyList<FailedInput> Failed);

/// <summary>Which adaptation a background fit runs.</summary>
public enum FitKind
{
    /// <summary>LP++ weights of all seen classes, and the refiner's head where the set has a refiner family.</summary>
    Shots = 0,

    /// <summary>InMaP proxies of all classes from the unlabelled pool.</summary>
    Proxies = 1,
}

/// <summary>Where a background fit stands.</summary>
public enum FitState
{
    /// <summary>No fit of that kind was asked for since the set was loaded.</summary>
    None = 0,

    /// <summary>Running as slices between inference batches.</summary>
    Running = 1,

    /// <summary>Finished and published.</summary>
    Published = 2,

    /// <summary>Finished or refused without publishing; the reason says why (a gate, or classes changed meanwhile).</summary>
    Refused = 3,

    /// <summary>Failed; the reason says why.</summary>
    Failed = 4,

    /// <summary>Waits for another fit of the set to end.</summary>
    Queued = 5,

    /// <summary>Ended by somebody before it was published.</summary>
    Cancelled = 6,
}

/// <summary>Progress and outcome of a background fit.</summary>
/// <param name="Kind">Which adaptation.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Progress">0 to 1.</param>
/// <param name="Version">The version it published; 0 before.</param>
/// <param name="Reason">Why it was refused or failed, or what it was fitted on; in words.</param>
/// <param name="Seconds">Time it took, or has taken so far.</param>
[GenerateSerializer, Immutable, Alias("fewshot.FitStatus")]
public sealed record FitStatus(
    [property: Id(0)] FitKind Kind,
    [property: Id(1)] FitState State,
    [property: Id(2)] double Progress,
    [property: Id(3)] long Version,
    [property: Id(4)] string Reason,
    [property: Id(5)] double Seconds);

/// <summary>Questions about a fit's state.</summary>
public static class FitStates
{
    /// <summary>Whether the fit is still to end: it runs or waits.</summary>
    public static bool IsPending(this FitState state) => state is FitState.Running or FitState.Queued;
}
