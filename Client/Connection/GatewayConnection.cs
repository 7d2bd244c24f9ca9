using System.Net.Sockets;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace FewShotCluster.Client.Connection;

/// <summary>
/// An Orleans client of its own, so that a program with another Orleans client keeps that one. Connects at the first call (single
/// flight); a failed connection is tried again by the next call.
/// </summary>
internal sealed class GatewayConnection(FewShotClientOptions options, ILoggerFactory loggers) : IClusterConnection
{
    private readonly SemaphoreSlim connecting = new(1, 1);
    private IHost? host;
    private GrainFactoryConnection? grains;
    private bool disposed;

    public string Description { get; } = "gateway " + string.Join(", ", options.Gateways);

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
            starting = Build(await Task.WhenAll(options.Gateways.Select(g => GatewayAddress.Parse(g).ResolveAsync(limit.Token))));
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
        Volatile.Write(ref grains, new GrainFactoryConnection(starting.Services.GetRequiredService<IClusterClient>()));
    }

    private IHost Build(IEnumerable<System.Net.IPEndPoint>[] gateways)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(loggers);
        builder.UseOrleansClient(client => client
            .UseStaticClustering([.. gateways.SelectMany(g => g)])
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
