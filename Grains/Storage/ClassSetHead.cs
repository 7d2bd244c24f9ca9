using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Storage;

/// <summary>The small row that makes a class set's version visible; everything else it names by content.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.ClassSetHead")]
public sealed record ClassSetHead
{
    /// <summary>Revision for compare-and-swap: the published version.</summary>
    [Id(0)]
    public required long Revision { get; init; }

    /// <summary>Number of classes.</summary>
    [Id(1)]
    public required int Classes { get; init; }

    /// <summary>Classes that have shots.</summary>
    [Id(2)]
    public required int Seen { get; init; }

    /// <summary>The serialised state.</summary>
    [Id(3)]
    public required Payload State { get; init; }

    /// <summary>Every block that this version needs, those of the state included.</summary>
    [Id(4)]
    public required ContentKey[] References { get; init; }
}

/// <summary>A byte string in the store: its blocks in order.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.Payload")]
public sealed record Payload([property: Id(0)] int Length, [property: Id(1)] ContentKey[] Blocks)
{
    /// <summary>No bytes.</summary>
    public static Payload Empty { get; } = new(0, []);
}
