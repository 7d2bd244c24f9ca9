using System.Net;
using FewShotCluster.Client;
using Orleans.Configuration;

namespace FewShotCluster.Silo.Hosting;

/// <summary>The Orleans side of a node: membership on one machine, ports, message limits.</summary>
internal static class SiloSetup
{
    public static ISiloBuilder UseFewShotSilo(this ISiloBuilder silo, NodeSettings settings, int siloPort, int gatewayPort) => silo
        .UseLocalhostClustering(
            siloPort, gatewayPort, new IPEndPoint(IPAddress.Parse(settings.GatewayAddress), siloPort), settings.ServiceId, settings.ClusterId)
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
}
