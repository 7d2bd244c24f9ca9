namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>The way from the snapshot that a silo has to the published one: steps, or the whole where the way is not known.</summary>
/// <param name="Full">The published snapshot; null: <paramref name="Steps"/> lead to it.</param>
/// <param name="Steps">Each from the version before to the next, in order.</param>
[GenerateSerializer, Immutable, Alias("fewshot.SnapshotUpdate")]
public sealed record SnapshotUpdate([property: Id(0)] ClassSetSnapshot? Full, [property: Id(1)] SnapshotDelta[] Steps);

/// <summary>What changed from one version of a snapshot to the next; applied to the first it gives the second, bit for bit.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.SnapshotDelta")]
public sealed record SnapshotDelta
{
    /// <summary>The version it is applied to.</summary>
    [Id(0)]
    public required long From { get; init; }

    /// <summary>The new snapshot with its matrices and classes left out: its small members as they are.</summary>
    [Id(1)]
    public required ClassSetSnapshot Rest { get; init; }

    /// <summary>The classes; literals are <see cref="NewClasses"/>.</summary>
    [Id(2)]
    public required RowEdit[] Classes { get; init; }

    /// <summary>Classes that are new or changed, in the order of use.</summary>
    [Id(3)]
    public required ClassEntry[] NewClasses { get; init; }

    /// <summary>Per encoder, its six matrices in the order of <see cref="EncoderHead"/>'s members.</summary>
    [Id(4)]
    public required MatrixEdit[][] Encoders { get; init; }

    /// <summary>The refiner's weights and bias; empty without a refiner.</summary>
    [Id(5)]
    public required MatrixEdit[] Refiner { get; init; }

    /// <summary>Bytes that travel for the matrices.</summary>
    public long Size => Encoders.SelectMany(edits => edits).Concat(Refiner).Sum(edit => (long)edit.Literals.Length + edit.Rows.Length * 8);
}

/// <summary>A stretch of rows: taken from the old ones, or literal.</summary>
/// <param name="Start">The first old row; negative: the next literals.</param>
/// <param name="Count">Rows.</param>
[GenerateSerializer, Immutable, Alias("fewshot.RowEdit")]
public readonly record struct RowEdit([property: Id(0)] int Start, [property: Id(1)] int Count);

/// <summary>A matrix as stretches of old and new rows.</summary>
/// <param name="RowBytes">Bytes of a row.</param>
/// <param name="Rows">The stretches, top to bottom.</param>
/// <param name="Literals">New rows in the order of use.</param>
[GenerateSerializer, Immutable, Alias("fewshot.MatrixEdit")]
public sealed record MatrixEdit([property: Id(0)] int RowBytes, [property: Id(1)] RowEdit[] Rows, [property: Id(2)] byte[] Literals);
