using System.Net.Sockets;
using Orleans.Messaging;

namespace FewShotCluster.Client.Connection;

/// <summary>The gateways by their users' names, looked up again and again: behind one name nodes come and go.</summary>
internal sealed class GatewayList(IReadOnlyList<GatewayAddress> gateways) : IGatewayListProvider
{
    private readonly Dictionary<GatewayAddress, Uri[]> known = [];

    public TimeSpan MaxStaleness { get; } = TimeSpan.FromSeconds(10);

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public async Task<IList<Uri>> GetGateways()
    {
        SocketException? failure = null;
        foreach (var gateway in gateways)
        {
            try
            {
                var endpoints = await gateway.ResolveAsync(CancellationToken.None);
                known[gateway] = [.. endpoints.Select(endpoint => endpoint.ToGatewayUri())];
            }
            catch (SocketException e)
            {
                // A name that cannot be looked up now keeps its last addresses.
                failure = e;
            }
        }
        var all = known.Values.SelectMany(uris => uris).Distinct().ToList();
        return all.Count == 0 && failure is not null ? throw failure : all;
    }
}
