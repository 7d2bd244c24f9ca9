using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>Which shots: those of some classes and those with some bytes, together.</summary>
/// <param name="ClassIds">All shots of these classes.</param>
/// <param name="Keys">The shots with these content keys (SHA-256 of the photo's bytes), whatever their class.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ShotSelection")]
public sealed record ShotSelection(
    [property: Id(0)] IReadOnlyList<int> ClassIds, [property: Id(1)] IReadOnlyList<ContentKey> Keys)
{
    /// <summary>All shots of some classes.</summary>
    public static ShotSelection OfClasses(params IReadOnlyList<int> classIds) => new(classIds, []);

    /// <summary>The shots with these contents.</summary>
    public static ShotSelection OfKeys(params IReadOnlyList<ContentKey> keys) => new([], keys);
}

/// <summary>A shot that gets another label.</summary>
/// <param name="Key">Content key of the photo.</param>
/// <param name="ToClassId">Its class from now on.</param>
/// <param name="FromClassId">Its class until now; needed only where several classes have the photo.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ShotMove")]
public sealed record ShotMove([property: Id(0)] ContentKey Key, [property: Id(1)] int ToClassId, [property: Id(2)] int? FromClassId = null);

/// <summary>A stored shot.</summary>
/// <param name="ClassId">The user's id of its class.</param>
/// <param name="Key">Content key of the photo.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ShotRecord")]
public sealed record ShotRecord([property: Id(0)] int ClassId, [property: Id(1)] ContentKey Key);

/// <summary>Outcome of removing or moving shots.</summary>
/// <param name="Version">The published version.</param>
/// <param name="Shots">How many shots it was about.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ShotsEdited")]
public sealed record ShotsEdited([property: Id(0)] long Version, [property: Id(1)] int Shots);
