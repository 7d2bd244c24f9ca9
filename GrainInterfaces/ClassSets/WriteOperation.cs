using System.Diagnostics.CodeAnalysis;

namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>Which write this is, and what it takes for granted. A string converts to an operation without expectations.</summary>
/// <param name="Id">
/// Makes the write idempotent: 1 to 128 characters, a fresh one per write and the same one for its repetition, which gets the first
/// answer; the same id with another payload is a Conflict.
/// </param>
/// <param name="ExpectedVersion">
/// The version that the writer has seen: when another one is published, the write is a Conflict that tells it. Null: whatever is
/// published; 0: none, for a creation. A repetition is answered before this is looked at.
/// </param>
[GenerateSerializer, Immutable, Alias("fewshot.WriteOperation")]
public sealed record WriteOperation([property: Id(0)] string Id, [property: Id(1)] long? ExpectedVersion = null)
{
    /// <summary>An operation that expects no version; null stays null.</summary>
    [return: NotNullIfNotNull(nameof(id))]
    public static implicit operator WriteOperation?(string? id) => id is null ? null : new(id);
}
