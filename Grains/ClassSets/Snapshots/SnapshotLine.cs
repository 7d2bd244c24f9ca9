using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>The published snapshot and the last steps to it, so that a silo with one of the versions before gets what changed alone.</summary>
internal sealed class SnapshotLine
{
    private const int MaxSteps = 64;

    private readonly Queue<SnapshotDelta> _steps = [];

    public ClassSetSnapshot? Published { get; private set; }

    /// <summary>Computes the step to a next snapshot; CPU work, for the pool.</summary>
    public SnapshotDelta? Step(ClassSetSnapshot next) => Published is null ? null : SnapshotDeltas.Between(Published, next);

    /// <summary>Publishes a snapshot.</summary>
    /// <param name="next">The snapshot.</param>
    /// <param name="step">From the one before; null: unknown, so that older copies get the whole.</param>
    public void Publish(ClassSetSnapshot next, SnapshotDelta? step)
    {
        Published = next;
        if (step is null) _steps.Clear();
        else _steps.Enqueue(step);
        // With more bytes than the whole has, the whole is as cheap.
        while (_steps.Count > MaxSteps || _steps.Sum(kept => kept.Size) > Size(next)) _steps.Dequeue();
    }

    /// <summary>Nothing is published any more.</summary>
    public void Clear()
    {
        Published = null;
        _steps.Clear();
    }

    /// <summary>The way from a version to the published one; null: it is the published one, or newer.</summary>
    public SnapshotUpdate? From(long version)
    {
        if (Published is not { } published || published.Version <= version) return null;
        SnapshotDelta[] steps = [.. _steps.SkipWhile(step => step.From != version)];
        return steps.Length == 0 ? new SnapshotUpdate(published, []) : new SnapshotUpdate(null, steps);
    }

    private static long Size(ClassSetSnapshot snapshot) => snapshot.Encoders
        .SelectMany(head => SnapshotMatrices.Of(head, snapshot.Classes.Length))
        .Concat(SnapshotMatrices.Of(snapshot.Refiner))
        .Sum(matrix => (long)matrix.Bytes.Length);
}
