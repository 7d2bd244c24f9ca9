namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// An adaptation method was given input that it cannot learn from (empty, mismatched, not finite, zero rows),
/// or its numbers ran away. The message says what and where.
/// </summary>
public sealed class AdaptationException(string message) : Exception(message);
