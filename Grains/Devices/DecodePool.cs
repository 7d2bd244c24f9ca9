using FewShotCluster.Grains.Hosting;

namespace FewShotCluster.Grains.Devices;

/// <summary>Decoding and preprocessing on the thread pool, a bounded number at once, so that it never runs in a grain's turn.</summary>
internal sealed class DecodePool(FewShotNodeOptions options) : IDisposable
{
    private readonly SemaphoreSlim _places =
        new(options.DecodeConcurrency > 0 ? options.DecodeConcurrency : Environment.ProcessorCount);

    public async Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(work, cancellationToken);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();
}
