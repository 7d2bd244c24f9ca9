using FewShotCluster.Bench.Processes;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Bench.Cluster;

/// <summary>
/// The processes and folders of one trial: nodes of this very program and, where the trial wants one, a Redis. All end with it.
/// </summary>
/// <param name="models">Folder of the models that the nodes serve.</param>
/// <param name="photos">Encoded photos to send.</param>
/// <param name="progress">Gets a step's name and its share done.</param>
public sealed class TrialCluster(string models, IReadOnlyList<byte[]> photos, Action<string, double> progress) : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("fewshot-bench-");
    private readonly List<NodeProcess> nodes = [];

    /// <summary>The Redis of the trial, once started.</summary>
    public RedisProcess? Redis { get; private set; }

    /// <summary>Encoded photos to send.</summary>
    public IReadOnlyList<byte[]> Photos => photos;

    /// <summary>Names of a step and its share done.</summary>
    public Action<string, double> Progress => progress;

    /// <summary>A path in the trial's folder.</summary>
    public string Path(string name) => System.IO.Path.Combine(folder.FullName, name);

    /// <summary>Starts Redis; nodes started later use it.</summary>
    public async Task StartRedisAsync(CancellationToken cancellationToken) => Redis = await RedisProcess.StartAsync(Path("redis"), cancellationToken);

    /// <summary>Starts a node and waits until it is ready.</summary>
    public async Task<NodeProcess> StartAsync(string name, Func<NodeSpec, NodeSpec>? change, CancellationToken cancellationToken)
    {
        var spec = new NodeSpec(name, Path(name), models) { Redis = Redis?.Address };
        progress($"starting {name}", 0);
        var node = await NodeProcess.StartAsync(change?.Invoke(spec) ?? spec, cancellationToken);
        nodes.Add(node);
        progress($"starting {name}", 1);
        return node;
    }

    /// <summary>Starts a node that was killed, as it was.</summary>
    public async Task<NodeProcess> RestartAsync(NodeProcess killed, CancellationToken cancellationToken)
    {
        nodes.Remove(killed);
        await killed.DisposeAsync();
        var node = await NodeProcess.StartAsync(killed.Spec, cancellationToken);
        nodes.Add(node);
        return node;
    }

    /// <summary>A client of several gateways.</summary>
    /// <param name="gateways">The nodes.</param>
    /// <param name="cancellationToken">Cancels the connecting.</param>
    /// <param name="change">Changes its options.</param>
    public static Task<FewShotClient> ConnectAsync(
        IEnumerable<NodeProcess> gateways, CancellationToken cancellationToken, Func<FewShotClientOptions, FewShotClientOptions>? change = null)
    {
        var options = new FewShotClientOptions { Gateways = [.. gateways.Select(node => node.Gateway)] };
        return FewShotClient.ConnectAsync(change?.Invoke(options) ?? options, cancellationToken: cancellationToken);
    }

    /// <summary>A class set of so many names that does not learn by itself: fits would be a load of their own.</summary>
    public static Task<ClassSetVersion> CreateAsync(IFewShotClient client, string id, int names, CancellationToken cancellationToken) =>
        client.CreateClassSetAsync(
            id,
            new ClassSetDefinition
            {
                Classes = [.. Enumerable.Range(0, names).Select(i => new ClassDefinition(Names.Of(i)))],
                Policy = new ClassSetPolicy { LearnFromTraffic = false, Proxies = ProxyPolicy.Off },
            },
            $"create-{id}",
            cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        if (Redis is not null) await Redis.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
