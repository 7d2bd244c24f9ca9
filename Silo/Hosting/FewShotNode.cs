using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Silo.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace FewShotCluster.Silo.Hosting;

/// <summary>A running node: one silo with its gateway, and the HTTP edge. Used by <c>serve</c>, by the demo and by tests.</summary>
public sealed partial class FewShotNode : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly NodeSettings settings;

    private FewShotNode(WebApplication app, NodeSettings settings, int gatewayPort)
    {
        (this.app, this.settings, GatewayPort) = (app, settings, gatewayPort);
        Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    /// <summary>Where the HTTP edge listens, the port being the real one.</summary>
    public string Url { get; }

    /// <summary>Where clients connect.</summary>
    public int GatewayPort { get; }

    /// <summary>The node's services.</summary>
    public IServiceProvider Services => app.Services;

    /// <summary>Builds a node and starts it: models are loaded and the store is open when this returns.</summary>
    /// <exception cref="GrainInterfaces.Errors.FewShotException">What keeps it from starting, with a code for the exit status.</exception>
    public static async Task<FewShotNode> StartAsync(NodeSettings settings, CancellationToken cancellationToken = default)
    {
        settings.Check();
        WebApplication? app = null;
        try
        {
            var ports = Ports.Choose(settings.SiloPort, settings.GatewayPort, System.Net.IPAddress.Parse(settings.GatewayAddress));
            app = Build(settings, ports.Silo, ports.Gateway);
            await app.StartAsync(cancellationToken);
            await NodeNames.CheckAsync(app.Services, settings, cancellationToken);
            // Opens the store now: a damaged one is a failed start, not a surprise for the first client.
            await app.Services.GetRequiredService<IFewShotClient>().ListAsync(cancellationToken);
            LogStorage(app, await app.Services.GetRequiredService<IClassSetStore>().GetStatus(cancellationToken));
            return new FewShotNode(app, settings, ports.Gateway);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (app is not null) await LeaveAsync(app);
            throw StartupFailure.Translate(e);
        }
        catch (OperationCanceledException)
        {
            if (app is not null) await LeaveAsync(app);
            throw;
        }
    }

    /// <summary>The line that scripts wait for: <c>ready: NODE http=URL gateway=PORT devices=... encoders=...</c>.</summary>
    public async Task<string> ReadyLineAsync(CancellationToken cancellationToken = default)
    {
        var status = await Services.GetRequiredService<IFewShotClient>().GetStatusAsync(cancellationToken);
        var slots = settings.NodeOptions.Slots;
        var encoders = status.Devices.Where(d => slots.Contains(d.Slot)).SelectMany(d => d.Encoders).Select(e => e.Name).Distinct();
        return $"ready: {settings.NodeOptions.NodeName} http={Url} gateway={GatewayPort} "
            + $"devices={string.Join(',', settings.NodeOptions.Devices)} encoders={string.Join(',', encoders)}";
    }

    /// <summary>Waits for SIGTERM, Ctrl-C, <see cref="StopAsync"/> or the token, and for the drain that follows.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken = default) => app.WaitForShutdownAsync(cancellationToken);

    /// <summary>Readiness fails, requests in flight end, the silo leaves.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => app.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => app.DisposeAsync();

    // A silo that joined says goodbye: others would wait for it.
    private static async Task LeaveAsync(WebApplication app)
    {
        try
        {
            await app.StopAsync(CancellationToken.None);
        }
        catch (Exception)
        {
            // What kept it from starting is what counts.
        }
        await app.DisposeAsync();
    }

    private static void LogStorage(WebApplication app, StorageStatus storage)
    {
        if (storage.Durable) LogDurable(app.Logger, storage.Store, storage.Detail);
        else LogNotDurable(app.Logger, storage.Store, storage.Detail);
    }

    [LoggerMessage(2101, LogLevel.Information, "class sets are kept in {Store}: {Detail}")]
    private static partial void LogDurable(ILogger logger, string store, string detail);

    [LoggerMessage(2102, LogLevel.Warning, "class sets are kept in {Store}, and acknowledged writes are not durable: {Detail}")]
    private static partial void LogNotDurable(ILogger logger, string store, string detail);

    private static WebApplication Build(NodeSettings settings, int siloPort, int gatewayPort)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        NodeLogging.Configure(builder.Logging, settings.LogLevel);
        builder.UseOrleans(silo => silo.UseFewShotSilo(settings, siloPort, gatewayPort).AddFewShotGrains(settings.NodeOptions));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.DrainDelay + settings.DrainTimeout);
        builder.Services.AddSingleton(settings);
        // No repetitions behind HTTP: an overloaded node says so at once, and its caller knows how long to wait.
        builder.Services.AddSingleton<IFewShotClient>(
            provider => FewShotClient.OverGrains(provider.GetRequiredService<IGrainFactory>(), new FewShotClientOptions { MaxRetries = 0 }));
        builder.Services.AddSingleton<NodeReadiness>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<NodeReadiness>());
        builder.Services.AddFewShotMetrics();
        builder.WebHost.UseUrls(settings.Urls.Split(';'));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = PayloadLimits.MaxPayloadBytes;
            kestrel.AddServerHeader = false;
        });
        var app = builder.Build();
        app.MapFewShotEdge();
        return app;
    }
}
