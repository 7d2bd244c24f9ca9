using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>What the head remembers of fits: those that were asked for and have not ended, and validation photos for the next one.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.PendingFits")]
internal sealed record PendingFits
{
    public static PendingFits None { get; } = new();

    /// <summary>In the order of their asking.</summary>
    [Id(0)]
    public PendingFit[] Requests { get; init; } = [];

    /// <summary>Validation photos that no fit has taken yet; null: none.</summary>
    [Id(1)]
    public ValidationShots? Staged { get; init; }

    public bool IsEmpty => Requests.Length == 0 && Staged is null;

    /// <summary>Everything that lies in blocks.</summary>
    public IEnumerable<StoredBytes> Stored => Requests.Select(request => request.Validation).Append(Staged)
        .OfType<ValidationShots>().SelectMany(shots => shots.Batches).SelectMany(batch => batch.Stored);

    public PendingFits Without(FitRequest request) => this with { Requests = [.. Requests.Where(pending => pending.Request != request)] };
}

/// <summary>A fit that was asked for.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.PendingFit")]
internal sealed record PendingFit([property: Id(0)] FitRequest Request, [property: Id(1)] ValidationShots? Validation);

/// <summary>Labelled photos that choose an epoch; classes are told by the user's ids, as positions may move meanwhile.</summary>
/// <param name="Key">The caller's.</param>
/// <param name="Batches">One for each call; its classes are ids here.</param>
[GenerateSerializer, Immutable, Alias("fewshot.store.ValidationShots")]
internal sealed record ValidationShots([property: Id(0)] string Key, [property: Id(1)] ShotBatch[] Batches);
