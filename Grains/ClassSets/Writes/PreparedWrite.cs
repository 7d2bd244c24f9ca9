using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>A write as it is asked for.</summary>
/// <param name="Hash">Of what it asks for: the same operation id with another hash is a Conflict.</param>
/// <param name="Prepare">Computes the next state from the published one; null: none was ever published.</param>
internal sealed record WriteRequest(ContentKey Hash, Func<ClassSetState?, CancellationToken, Task<PreparedWrite>> Prepare)
{
    /// <summary>Whether it makes a set, so that none needs to be there.</summary>
    public bool Creates { get; init; }
}

/// <summary>A write ready to be made durable.</summary>
/// <param name="Next">The next state; null: nothing changed.</param>
/// <param name="Blocks">New blocks.</param>
/// <param name="Words">What it does, for the history.</param>
internal sealed record PreparedWrite(ClassSetState? Next, List<Block> Blocks, string Words)
{
    /// <summary>The answer, for added shots.</summary>
    public AddShotsResult? Shots { get; init; }

    /// <summary>The answer, for edited shots.</summary>
    public int Count { get; init; }
}
