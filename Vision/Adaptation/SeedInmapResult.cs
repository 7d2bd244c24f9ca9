namespace FewShotCluster.Vision.Adaptation;

/// <summary>Both rounds of <see cref="SeedInmapFit"/>; the owner disposes them.</summary>
/// <param name="First">W1 and its trace.</param>
/// <param name="Second">W2 and its trace: the proxies to score with.</param>
public sealed record SeedInmapResult(InmapResult First, InmapResult Second) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }
}
