using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FewShotCluster.Client.Connection;

/// <summary>A gateway as its user wrote it: <c>host:port</c>, <c>10.0.0.7:30000</c> or <c>[::1]:30000</c>.</summary>
internal sealed record GatewayAddress(string Host, int Port)
{
    public static bool TryParse(string? text, out GatewayAddress? address)
    {
        address = null;
        if (text is null || text.LastIndexOf(':') is not (> 0 and var colon)) return false;
        var host = text[..colon];
        if (host is ['[', .. var inner, ']']) host = inner;
        else if (host.Contains(':')) return false;
        if (string.IsNullOrWhiteSpace(host) || host.Any(char.IsWhiteSpace)) return false;
        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535) return false;
        address = new(host, port);
        return true;
    }

    public static GatewayAddress Parse(string text) =>
        TryParse(text, out var address) ? address! : throw new FormatException($"'{text}' is not host:port");

    /// <summary>Its endpoints; names are looked up at each connection, since a service's address can move.</summary>
    public async Task<IEnumerable<IPEndPoint>> ResolveAsync(CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(Host, cancellationToken);
        // IPv4 first: silos listen on it by default.
        return addresses.OrderBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1).Select(a => new IPEndPoint(a, Port));
    }
}
