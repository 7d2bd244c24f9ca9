using System.Net;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Transport;
using FewShotCluster.Grains.Storage;
using Orleans.Configuration;

namespace FewShotCluster.Silo.Hosting;

/// <summary>The Orleans side of a node: membership, ports, message limits.</summary>
internal static class SiloSetup
{
    public static ISiloBuilder UseFewShotSilo(this ISiloBuilder silo, NodeSettings settings, int siloPort, int gatewayPort) => silo
        .UseMembership(settings, siloPort, gatewayPort)
        .ConfigureServices(services => services.UseLargeBlockSockets())
        .Configure<SiloOptions>(options => options.SiloName = settings.NodeOptions.NodeName)
        // Clients check that they reached the address that the silo advertises.
        .Configure<EndpointOptions>(options => options.AdvertisedIPAddress = IPAddress.Parse(settings.GatewayAddress))
        .Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.MaxMessageBodySize = PayloadLimits.MaxMessageBytes;
            messaging.CancelRequestOnTimeout = true;
            // Deadlines are tokens; a large write (thousands of names on a slow device) may take minutes.
            messaging.ResponseTimeout = TimeSpan.FromMinutes(5);
        });

    private static ISiloBuilder UseMembership(this ISiloBuilder silo, NodeSettings settings, int siloPort, int gatewayPort)
    {
        var address = IPAddress.Parse(settings.GatewayAddress);
        if (settings.NodeOptions.Redis is not { } redis)
            return silo.UseLocalhostClustering(siloPort, gatewayPort, new IPEndPoint(address, siloPort), settings.ServiceId, settings.ClusterId);
        return silo
            .UseRedisClustering(options => options.ConfigurationOptions = RedisServer.Options(redis, "fewshot-membership"))
            .ConfigureEndpoints(address, siloPort, gatewayPort)
            .Configure<ClusterOptions>(cluster => (cluster.ServiceId, cluster.ClusterId) = (settings.ServiceId, settings.ClusterId))
            // After the loss of all nodes at once new ones wait until the table shows that nobody is alive.
            .Configure<ClusterMembershipOptions>(membership => membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5));
    }
}
