using System.Net;
using System.Net.Sockets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Silo.Hosting;

/// <summary>The silo's ports: Orleans needs numbers, and reports a taken one only deep in its log.</summary>
internal static class Ports
{
    /// <summary>The ports with zeros replaced by free ones; both are held open while choosing, so that they differ.</summary>
    /// <exception cref="FewShotException">InvalidArgument: one is taken.</exception>
    public static (int Silo, int Gateway) Choose(int silo, int gateway, IPAddress address)
    {
        using var first = Open("--silo-port", address, silo);
        using var second = Open("--gateway-port", address, gateway);
        return (PortOf(first), PortOf(second));
    }

    private static TcpListener Open(string option, IPAddress address, int port)
    {
        var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"{option} {port} cannot be opened on {address}: {e.Message}; give another or 0", inner: e);
        }
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;
}
