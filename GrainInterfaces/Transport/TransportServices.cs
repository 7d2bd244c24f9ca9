using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace FewShotCluster.GrainInterfaces.Transport;

/// <summary>Makes Orleans carry its messages over <see cref="SocketTransport"/>.</summary>
public static class TransportServices
{
    /// <summary>
    /// Replaces Orleans's own sockets, which receive 4 KB at a time (two system calls and a change of thread each: 150 KB take 37 of them).
    /// The bytes on the wire stay the same. Call it once Orleans has added its services: its connections keep their keys.
    /// </summary>
    public static IServiceCollection UseLargeBlockSockets(this IServiceCollection services)
    {
        var own = new SocketTransport();
        for (var i = 0; i < services.Count; i++)
        {
            var service = services[i];
            if (service.IsKeyedService && service.ServiceType is var type && (type == typeof(IConnectionFactory) || type == typeof(IConnectionListenerFactory)))
                services[i] = new(type, service.ServiceKey, own);
        }
        return services;
    }
}
