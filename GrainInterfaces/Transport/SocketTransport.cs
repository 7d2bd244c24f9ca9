using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FewShotCluster.GrainInterfaces.Transport;

/// <summary>Opens connections and waits for them, with <see cref="SocketConnectionContext"/> for each.</summary>
internal sealed class SocketTransport : IConnectionFactory, IConnectionListenerFactory
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    /// <exception cref="SocketException">Nobody listens there, or the address cannot be reached.</exception>
    public async ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = Create(endpoint);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            Configure(socket);
            return new SocketConnectionContext(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="AddressInUseException">Another process listens there.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = Create(endpoint);
        try
        {
            if (endpoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(endpoint);
            socket.Listen();
            return new(new Listener(socket));
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }) throw new AddressInUseException(e.Message, e);
            throw;
        }
    }

    /// <summary>Ends both directions, for those too who wait for one.</summary>
    internal static void Shutdown(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other end was faster.
        }
    }

    private static Socket Create(EndPoint endpoint) => new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    // As Orleans's own: nothing waits for more to send, an ended connection leaves no port behind in TIME_WAIT, and one whose other machine
    // is gone ends after two and a half minutes.
    private static void Configure(Socket socket)
    {
        socket.NoDelay = true;
        socket.LingerState = new(true, 0);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 90);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 30);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 2);
    }

    private sealed class Listener(Socket socket) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                Socket? accepted = null;
                try
                {
                    accepted = await socket.AcceptAsync(cancellationToken);
                    Configure(accepted);
                    var connection = new SocketConnectionContext(accepted);
                    accepted = null;
                    return connection;
                }
                catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
                {
                    // Unbound.
                    return null;
                }
                catch (Exception e) when (e is SocketException or IOException)
                {
                    // Reset while it waited, or the process has no file handle left: the next one, in a while.
                    await Task.Delay(PauseAfterFailure, cancellationToken);
                }
                finally
                {
                    accepted?.Dispose();
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            return default;
        }
    }
}
