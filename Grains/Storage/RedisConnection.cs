using StackExchange.Redis;

namespace FewShotCluster.Grains.Storage;

/// <summary>The store's own connection, apart from membership's: blocks of megabytes must not delay heartbeats. Opened by the first call.</summary>
internal sealed class RedisConnection(string server) : IAsyncDisposable
{
    private readonly ConfigurationOptions _options = RedisServer.Options(server, "fewshot-store");
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private ConnectionMultiplexer? _redis;

    public string Where => RedisServer.Describe(_options);

    /// <summary>Runs commands; what the client library throws becomes StorageUnavailable.</summary>
    public async Task<T> Use<T>(Func<IDatabase, Task<T>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var redis = Volatile.Read(ref _redis) ?? await Connect(cancellationToken);
            return await work(redis.GetDatabase());
        }
        catch (Exception e) when (RedisServer.Translate(e, Where) is { } failure)
        {
            throw failure;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null) await _redis.DisposeAsync();
    }

    // Comes back without a server too, and then looks for it on its own.
    private async Task<ConnectionMultiplexer> Connect(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            return _redis ??= await ConnectionMultiplexer.ConnectAsync(_options);
        }
        finally
        {
            _connecting.Release();
        }
    }
}
