using System.Globalization;
using System.Text.RegularExpressions;
using FewShotCluster.Client;

namespace FewShotCluster.Bench.Processes;

/// <summary>How a node is started.</summary>
/// <param name="Name">Unique in the cluster.</param>
/// <param name="Data">Folder of its store.</param>
/// <param name="Models">Folder of the models.</param>
public sealed record NodeSpec(string Name, string Data, string Models)
{
    /// <summary>Fixed for a node that comes back where its clients look for it; 0: any.</summary>
    public int GatewayPort { get; init; }

    /// <summary>Devices, with commas.</summary>
    public string Devices { get; init; } = "cpu:0";

    /// <summary>Threads of a device's computations; 0: the server's choice.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>HOST:PORT of Redis; null: the node's own SQLite file.</summary>
    public string? Redis { get; init; }

    /// <summary>Settings without an option: environment variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    internal IEnumerable<string> Arguments =>
    [
        "serve", "--node", Name, "--data", Data, "--models", Models, "--urls", "http://127.0.0.1:0", "--silo-port", "0",
        "--gateway-port", GatewayPort.ToString(CultureInfo.InvariantCulture), "--devices", Devices,
        "--threads", Threads.ToString(CultureInfo.InvariantCulture),
        .. Redis is { } address ? new[] { "--cluster", "redis", "--redis", address } : [],
    ];
}

/// <summary>A <c>fewshotd serve</c> of this program, ready to serve.</summary>
public sealed partial class NodeProcess : IAsyncDisposable
{
    // Generous: a busy machine may take minutes for what takes a quiet one seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly ChildProcess process;
    private readonly HttpClient http;

    private NodeProcess(NodeSpec spec, ChildProcess process, Match ready)
    {
        (Spec, this.process) = (spec, process);
        Gateway = "127.0.0.1:" + ready.Groups["gateway"].Value;
        http = new HttpClient { BaseAddress = new Uri(ready.Groups["http"].Value) };
    }

    /// <summary>How it was started.</summary>
    public NodeSpec Spec { get; }

    /// <summary>Its gateway, HOST:PORT.</summary>
    public string Gateway { get; }

    /// <summary>Starts a node and waits until it is ready.</summary>
    public static async Task<NodeProcess> StartAsync(NodeSpec spec, CancellationToken cancellationToken)
    {
        var info = SelfProgram.With(spec.Arguments);
        info.Environment["FEWSHOT_EXIT_WITH_STDIN"] = "1";
        info.Environment["FEWSHOT_LOG_LEVEL"] = "Warning";
        foreach (var (name, value) in spec.Environment) info.Environment[name] = value;
        var process = new ChildProcess(info);
        try
        {
            var ready = await process.AwaitLineAsync(line => Ready().Match(line) is { Success: true } match ? match : null, Patience, cancellationToken);
            return new NodeProcess(spec, process, ready);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of this node's gateway alone.</summary>
    public Task<FewShotClient> ConnectAsync(CancellationToken cancellationToken) =>
        FewShotClient.ConnectAsync(new FewShotClientOptions { Gateways = [Gateway] }, cancellationToken: cancellationToken);

    /// <summary>What its <c>/metrics</c> tell now.</summary>
    public async Task<NodeMetrics> MetricsAsync(CancellationToken cancellationToken) =>
        NodeMetrics.Parse(await http.GetStringAsync("/metrics", cancellationToken));

    /// <summary>A POST to its HTTP edge.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, HttpContent? content, CancellationToken cancellationToken) =>
        http.PostAsync(path, content, cancellationToken);

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => process.KillAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return process.DisposeAsync();
    }

    [GeneratedRegex(@"^ready: (?<node>\S+) http=(?<http>\S+) gateway=(?<gateway>\d+) ")]
    private static partial Regex Ready();
}
