using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Client;

/// <summary>Wishes for one fit of the shots.</summary>
public sealed record FitOptions
{
    /// <summary>Whose settings; null: the set's policy.</summary>
    public FitPreset? Preset { get; init; }

    /// <summary>
    /// Labelled photos that choose LP++'s epoch (the one with most of them right), in the place of cross-validation over the shots; null:
    /// none. They are sent first, and again if the cluster lost them; unreadable ones are left out. Report accuracy on other photos.
    /// </summary>
    public IAsyncEnumerable<Shot>? Validation { get; init; }

    /// <summary>Told of the validation photos on their way.</summary>
    public IProgress<ShotsProgress>? ValidationProgress { get; init; }

    /// <summary>Told of validation photos that were left out.</summary>
    public Action<FailedInput>? ValidationFailed { get; init; }
}
