using System.Net;
using System.Net.Sockets;

namespace FewShotCluster.Bench.Processes;

/// <summary>Ports for children that are to come back on the same one.</summary>
internal static class FreePort
{
    /// <summary>A port that nobody listens on now.</summary>
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
