using FewShotCluster.Client;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.TestSupport;

namespace FewShotCluster.Cluster.Tests;

/// <summary>
/// Three nodes on one Redis, each a process of its own with a device slot of its own, for the tests of a class. A test that kills a node adds
/// another. Tests skip where redis-server or the models are missing.
/// </summary>
public sealed class RunningCluster : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<ServerProcess> nodes = [];
    private RedisProcess? redis;
    private int started;

    internal RedisProcess Redis => redis!;

    internal IReadOnlyList<ServerProcess> Nodes => nodes;

    /// <summary>Starts it at the first test: a fixture cannot skip, only its tests can.</summary>
    internal async Task EnsureStartedAsync()
    {
        Programs.DemoModels();
        if (redis is not null) return;
        redis = await RedisProcess.StartAsync();
        await Task.WhenAll(AddAsync(), AddAsync(), AddAsync());
    }

    /// <summary>Starts another node: <c>node-1</c>, <c>node-2</c>, ...</summary>
    internal async Task<ServerProcess> AddAsync()
    {
        var name = $"node-{Interlocked.Increment(ref started)}";
        var node = await ServerProcess.StartAsync(folder[name], Options(name));
        lock (nodes) nodes.Add(node);
        return node;
    }

    /// <summary>Runs a node that cannot start, to its end.</summary>
    internal Task<ToolProcess> FailAsync(string name) => ServerProcess.FailAsync(folder["failing"], Programs.DemoModels(), Options(name));

    /// <summary>SIGKILL.</summary>
    internal async Task KillAsync(ServerProcess node)
    {
        await node.KillAsync();
        lock (nodes) nodes.Remove(node);
        await node.DisposeAsync();
    }

    /// <summary>A client that knows the gateways of all nodes.</summary>
    internal Task<FewShotClient> ConnectAsync(Func<FewShotClientOptions, FewShotClientOptions>? configure = null)
    {
        var options = new FewShotClientOptions { Gateways = [.. nodes.Select(node => node.Gateway)] };
        return FewShotClient.ConnectAsync(configure?.Invoke(options) ?? options);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        if (redis is not null) await redis.DisposeAsync();
        folder.Dispose();
    }

    private string[] Options(string name) => ["--cluster", "redis", "--redis", Redis.Address, "--node", name, "--threads", "1"];
}
