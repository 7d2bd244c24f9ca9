using System.Net;
using FewShotCluster.GrainInterfaces.ClassSets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace FewShotCluster.Bench.Processes;

/// <summary>What the SDK does not tell and a trial must know: an Orleans client of the trial's own.</summary>
internal sealed class ClusterProbe : IAsyncDisposable
{
    private readonly IHost host;

    private ClusterProbe(IHost host) => this.host = host;

    private IClusterClient Client => host.Services.GetRequiredService<IClusterClient>();

    public static async Task<ClusterProbe> ConnectAsync(IEnumerable<NodeProcess> gateways, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client => client
            .UseStaticClustering([.. gateways.Select(node => IPEndPoint.Parse(node.Gateway))])
            .Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("fewshot", "fewshot")));
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new ClusterProbe(host);
    }

    /// <summary>The silo that holds a class set's grain, as node status writes it; null: none now.</summary>
    public async Task<string?> HomeAsync(string classSetId, CancellationToken cancellationToken)
    {
        var silo = await Client.GetGrain<IManagementGrain>(0).GetActivationAddress(Client.GetGrain<IClassSetGrain>(classSetId))
            .AsTask().WaitAsync(cancellationToken);
        return silo?.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await host.StopAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or OrleansException)
        {
            // Leaving a cluster that is gone already.
        }
        host.Dispose();
    }
}
