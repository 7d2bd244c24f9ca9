using System.Net.Sockets;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.GrainInterfaces.Transport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Messaging;

namespace FewShotCluster.Client.Connection;

/// <summary>
/// An Orleans client of its own, so that a program with another Orleans client keeps that one. Connects at the first call (single
/// flight); a failed connection is tried again by the next call.
/// </summary>
internal sealed class GatewayConnection(FewShotClientOptions options, ILoggerFactory loggers) : IClusterConnection
{
    // Enough for an even share of a few gateways each.
    private const int RequestGrains = 16;

    private readonly SemaphoreSlim connecting = new(1, 1);
    private readonly NodeLosses losses = new();
    private IHost? host;
    private GrainFactoryConnection? grains;
    private bool disposed;

    public string Description { get; } = "gateway " + string.Join(", ", options.Gateways);

    public CancellationToken NextLoss => losses.Next;

    private GrainFactoryConnection Grains => grains ?? throw new InvalidOperationException("not connected");

    public async ValueTask EnsureConnectedAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(IFewShotClient));
        if (Volatile.Read(ref grains) is not null) return;
        await connecting.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, typeof(IFewShotClient));
            if (grains is null) await ConnectAsync(cancellationToken);
        }
        finally
        {
            connecting.Release();
        }
    }

    public IClassSetGrain ClassSet(string id) => Grains.ClassSet(id);

    public IClassSetCatalogGrain Catalog() => Grains.Catalog();

    public IClassificationGrain Classification() => Grains.Classification();

    public IClusterStatusGrain Status() => Grains.Status();

    public async ValueTask DisposeAsync()
    {
        await connecting.WaitAsync();
        try
        {
            if (disposed) return;
            disposed = true;
            await losses.DisposeAsync();
            if (host is not null) await StopAsync(host);
        }
        finally
        {
            connecting.Release();
        }
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ConnectTimeout);
        IHost? starting = null;
        try
        {
            starting = Build();
            // Orleans looks at the token between its own attempts only.
            await starting.StartAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception e)
        {
            if (starting is not null) await StopAsync(starting);
            cancellationToken.ThrowIfCancellationRequested();
            throw Unreachable(e);
        }
        host = starting;
        var connected = new GrainFactoryConnection(starting.Services.GetRequiredService<IClusterClient>(), RequestGrains);
        losses.Watch(connected.Status());
        Volatile.Write(ref grains, connected);
    }

    private IHost Build()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IGatewayListProvider>(new GatewayList([.. options.Gateways.Select(GatewayAddress.Parse)]));
        builder.UseOrleansClient(client => client
            .ConfigureServices(services => services.UseLargeBlockSockets())
            .AddGatewayCountChangedHandler((_, count) =>
            {
                if (count.NumberOfConnectedGateways < count.PreviousNumberOfConnectedGateways) losses.Report();
            })
            .Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(10))
            .Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = options.ClusterId;
                cluster.ServiceId = options.ServiceId;
            })
            .Configure<ClientMessagingOptions>(messaging =>
            {
                messaging.MaxMessageBodySize = PayloadLimits.MaxMessageBytes;
                // Deadlines are tokens; the transport's own timeout only catches what they miss.
                messaging.ResponseTimeout = options.WriteTimeout > options.ReadTimeout ? options.WriteTimeout : options.ReadTimeout;
                messaging.CancelRequestOnTimeout = true;
            }));
        return builder.Build();
    }

    private FewShotException Unreachable(Exception cause)
    {
        var reason = cause switch
        {
            OperationCanceledException => $"no answer within {options.ConnectTimeout.TotalSeconds:0.#} s",
            SocketException => cause.Message,
            _ => cause.InnerException is SocketException inner ? inner.Message : cause.Message,
        };
        return new FewShotException(
            FewShotErrorCode.DeviceUnavailable,
            $"cannot connect to {Description}: {reason.ReplaceLineEndings(" ").TrimEnd('.')}. Check that fewshotd is running and ready, that host and port are its "
                + $"gateway's (its ready line names it), and that it is in cluster '{options.ClusterId}'",
            inner: cause);
    }

    private static async Task StopAsync(IHost host)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await host.StopAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or OrleansException or ObjectDisposedException)
        {
            // Leaving a gateway that is gone already: nothing to save.
        }
        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else host.Dispose();
    }
}
