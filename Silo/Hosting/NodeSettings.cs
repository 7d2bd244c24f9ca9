using System.Net;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Silo.Hosting;

/// <summary>
/// Everything a node is started with. Sources, later ones win: defaults, the <c>FewShot</c> section of the configuration file,
/// environment (<c>FEWSHOT_SILO_PORT</c> is <c>FewShot:SiloPort</c>), command line. The other members of <see cref="FewShotNodeOptions"/>
/// are keys of the same section (<c>FewShot:QueueLimit</c>, <c>FEWSHOT_QUEUE_LIMIT</c>).
/// </summary>
public sealed class NodeSettings
{
    public const string Section = "FewShot";
    private const string Prefix = "FEWSHOT_";
    private const string LocalCluster = "localhost";
    private const string RedisCluster = "redis";

    /// <summary>The demo's models, which are also the default ones.</summary>
    public static string DemoModels { get; } = Path.Combine(AppContext.BaseDirectory, "models", "demo");

    /// <summary>What the grains need.</summary>
    public FewShotNodeOptions NodeOptions { get; init; } = new() { ModelsDirectory = DemoModels };

    /// <summary>HTTP addresses, separated by semicolons; port 0 picks a free one.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:8080";

    /// <summary>How nodes find each other: <c>localhost</c> is one node alone, <c>redis</c> those that share <see cref="FewShotNodeOptions.Redis"/>.</summary>
    public string Cluster { get; set; } = LocalCluster;

    /// <summary>Port for other silos; 0 picks a free one.</summary>
    public int SiloPort { get; set; } = 11111;

    /// <summary>Port for clients; 0 picks a free one.</summary>
    public int GatewayPort { get; set; } = 30000;

    /// <summary>The address that silo and gateway listen on and advertise: the pod's own in a container; clients must connect to this very one.</summary>
    public string GatewayAddress { get; set; } = "127.0.0.1";

    /// <summary>The cluster's id.</summary>
    public string ClusterId { get; set; } = "fewshot";

    /// <summary>The service's id.</summary>
    public string ServiceId { get; set; } = "fewshot";

    /// <summary>Time between failing readiness and draining, for load balancers to notice.</summary>
    public TimeSpan DrainDelay { get; set; } = TimeSpan.Zero;

    /// <summary>Time for requests in flight when the node stops.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Least severe level that is logged.</summary>
    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary>End when standard input closes (children of tests).</summary>
    public bool ExitWithStdin { get; set; }

    /// <summary>Reads all sources.</summary>
    /// <param name="configFile">JSON file; null: none.</param>
    /// <param name="commandLine">Keys without the section's name.</param>
    /// <exception cref="FewShotException">InvalidArgument: an unreadable file or value.</exception>
    public static NodeSettings Load(string? configFile, IEnumerable<KeyValuePair<string, string?>> commandLine)
    {
        try
        {
            var builder = new ConfigurationBuilder();
            if (configFile is not null) builder.AddJsonFile(Path.GetFullPath(configFile), optional: false);
            builder.AddInMemoryCollection(Sectioned(FromEnvironment(Environment.GetEnvironmentVariables())));
            builder.AddInMemoryCollection(Sectioned(commandLine));
            return From(builder.Build().GetSection(Section));
        }
        catch (Exception e) when (e is IOException or InvalidDataException or InvalidOperationException or FormatException)
        {
            var reason = e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}";
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"configuration: {reason}", inner: e);
        }
    }

    /// <summary>Refuses what cannot be served.</summary>
    /// <exception cref="FewShotException">InvalidArgument, naming the option.</exception>
    public void Check()
    {
        if (Cluster is not (LocalCluster or RedisCluster)) throw Invalid($"--cluster '{Cluster}': allowed are {LocalCluster} and {RedisCluster}");
        if (Cluster == RedisCluster && string.IsNullOrWhiteSpace(NodeOptions.Redis)) throw Invalid("--cluster redis needs --redis HOST:PORT");
        if (Cluster == LocalCluster && NodeOptions.Redis is not null) throw Invalid("--redis is used with --cluster redis only: give both or neither");
        if (NodeOptions.Redis is { } redis) RedisServer.Options(redis, "");
        if (SiloPort is < 0 or > 65535) throw Invalid($"--silo-port {SiloPort}: allowed are 0 to 65535");
        if (GatewayPort is < 0 or > 65535) throw Invalid($"--gateway-port {GatewayPort}: allowed are 0 to 65535");
        if (GatewayPort != 0 && GatewayPort == SiloPort) throw Invalid($"--gateway-port and --silo-port are both {GatewayPort}");
        if (!IPAddress.TryParse(GatewayAddress, out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            throw Invalid($"GatewayAddress '{GatewayAddress}' is not one IP address of this machine");
        foreach (var url in Urls.Split(';'))
        {
            if (!Uri.TryCreate(url.Replace("//*", "//any").Replace("//+", "//any"), UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
                throw Invalid($"--urls '{url}' is not http://ADDRESS:PORT");
        }
        if (DrainDelay < TimeSpan.Zero || DrainTimeout < TimeSpan.Zero) throw Invalid("DrainDelay and DrainTimeout cannot be negative");
    }

    private static NodeSettings From(IConfigurationSection section)
    {
        var settings = new NodeSettings();
        section.Bind(settings);
        section.Bind(settings.NodeOptions);
        var node = settings.NodeOptions;
        node.DataDirectory = section["Data"] ?? node.DataDirectory;
        node.ModelsDirectory = section["Models"] ?? node.ModelsDirectory;
        node.NodeName = section["Node"] ?? node.NodeName;
        node.Devices = Devices(section.GetSection("Devices")) ?? new FewShotNodeOptions().Devices;
        return settings;
    }

    // As one word with commas, or as a list; the binder would append a list to the default one.
    private static string[]? Devices(IConfigurationSection devices)
    {
        if (devices.Value is { } words) return words.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var list = devices.GetChildren().ToList();
        return list.Count == 0 ? null : [.. list.Select(device => device.Value ?? "")];
    }

    private static IEnumerable<KeyValuePair<string, string?>> Sectioned(IEnumerable<KeyValuePair<string, string?>> keys) =>
        keys.Select(pair => KeyValuePair.Create($"{Section}:{pair.Key}", pair.Value));

    // FEWSHOT_SILO_PORT -> SiloPort; keys are compared without case.
    private static IEnumerable<KeyValuePair<string, string?>> FromEnvironment(System.Collections.IDictionary variables)
    {
        foreach (System.Collections.DictionaryEntry variable in variables)
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || variable.Value is not string { Length: > 0 } value) continue;
            var key = name[Prefix.Length..].Replace("__", ":").Replace("_", "");
            yield return KeyValuePair.Create(key, key.Equals(nameof(ExitWithStdin), StringComparison.OrdinalIgnoreCase) && value == "1" ? "true" : value)!;
        }
    }

    private static FewShotException Invalid(string message) =>
        new(FewShotErrorCode.InvalidArgument, message);
}
