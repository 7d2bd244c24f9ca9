using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Storage;

/// <summary>The small row that makes a class set's version visible; everything else it names by content.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.ClassSetHead")]
public sealed record ClassSetHead
{
    /// <summary><see cref="Classes"/> of a set that was deleted: its head stays, so that versions never begin again.</summary>
    public const int Deleted = -1;

    /// <summary>
    /// Revision for compare-and-swap: the published version. A commit that publishes none (a fit that was asked for) keeps it.
    /// </summary>
    [Id(0)]
    public required long Revision { get; init; }

    /// <summary>Number of classes; <see cref="Deleted"/>: the set is gone.</summary>
    [Id(1)]
    public required int Classes { get; init; }

    /// <summary>Classes that have shots.</summary>
    [Id(2)]
    public required int Seen { get; init; }

    /// <summary>The serialised state.</summary>
    [Id(3)]
    public required Payload State { get; init; }

    /// <summary>Every block that this version and the kept ones before it need, those of the states included.</summary>
    [Id(4)]
    public required ContentKey[] References { get; init; }

    /// <summary>The serialised fits that were asked for and have not ended.</summary>
    [Id(5)]
    public Payload Fits { get; init; } = Payload.Empty;
}

/// <summary>A byte string in the store: its blocks in order.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.Payload")]
public sealed record Payload([property: Id(0)] int Length, [property: Id(1)] ContentKey[] Blocks)
{
    /// <summary>Bytes of each block but the last. Earlier builds wrote nothing here and 256 KB a block.</summary>
    [Id(2)]
    public int BlockBytes { get => field > 0 ? field : 256 * 1024; init; } = MatrixBytes.BlockBytes;

    /// <summary>No bytes.</summary>
    public static Payload Empty { get; } = new(0, []);
}
