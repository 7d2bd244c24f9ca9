using FewShotCluster.Client;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.TestSupport;

namespace FewShotCluster.Cluster.Tests;

/// <summary>Three nodes on one Redis, each a process of its own with a device slot of its own. Skips where redis-server or the models are missing.</summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<ServerProcess> nodes = [];
    private int started;

    private RunningCluster(RedisProcess redis) => Redis = redis;

    public RedisProcess Redis { get; }

    public IReadOnlyList<ServerProcess> Nodes => nodes;

    public static async Task<RunningCluster> StartAsync()
    {
        Programs.DemoModels();
        var cluster = new RunningCluster(await RedisProcess.StartAsync());
        try
        {
            await Task.WhenAll(cluster.AddAsync(), cluster.AddAsync(), cluster.AddAsync());
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts another node: <c>node-1</c>, <c>node-2</c>, ...</summary>
    public async Task<ServerProcess> AddAsync()
    {
        var name = $"node-{Interlocked.Increment(ref started)}";
        var node = await ServerProcess.StartAsync(folder[name], "--cluster", "redis", "--redis", Redis.Address, "--node", name, "--threads", "1");
        lock (nodes) nodes.Add(node);
        return node;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync(ServerProcess node)
    {
        await node.KillAsync();
        lock (nodes) nodes.Remove(node);
        await node.DisposeAsync();
    }

    /// <summary>A client that knows the gateways of all nodes.</summary>
    public Task<FewShotClient> ConnectAsync(Func<FewShotClientOptions, FewShotClientOptions>? configure = null)
    {
        var options = new FewShotClientOptions { Gateways = [.. nodes.Select(node => node.Gateway)] };
        return FewShotClient.ConnectAsync(configure?.Invoke(options) ?? options);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        await Redis.DisposeAsync();
        folder.Dispose();
    }
}
