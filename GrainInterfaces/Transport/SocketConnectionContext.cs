using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FewShotCluster.GrainInterfaces.Transport;

/// <summary>
/// One TCP connection between nodes, or of a client with a node. Whoever reads receives, and whoever writes sends: no thread stands between
/// them and the socket, and a photo takes a few system calls. Orleans ends its reading and its writing, then aborts it, then waits for
/// <see cref="ConnectionClosed"/>; a connection whose handshake fails is aborted at once.
/// </summary>
internal sealed class SocketConnectionContext : ConnectionContext, IDuplexPipe
{
    // Rented while something is there that has not been read: a stranger who sends a byte and no more holds one.
    private const int ReadBytes = 64 * 1024;

    private readonly Socket socket;
    private readonly CancellationTokenSource closed = new();
    private int isClosed;

    /// <param name="socket">Connected; the connection's from now on.</param>
    public SocketConnectionContext(Socket socket)
    {
        this.socket = socket;
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        ConnectionClosed = closed.Token;
        Transport = this;
        Input = PipeReader.Create(new NetworkStream(socket, ownsSocket: false), new(bufferSize: ReadBytes, useZeroByteReads: true));
        Output = new SocketPipeWriter(socket);
    }

    /// <summary>What the other end sent.</summary>
    public PipeReader Input { get; }

    /// <summary>Towards the other end; flushing waits until the socket took it.</summary>
    public PipeWriter Output { get; }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    /// <summary>Cancelled once the socket is closed, which is when the connection was aborted or disposed.</summary>
    public override CancellationToken ConnectionClosed { get; set; }

    public override void Abort(ConnectionAbortedException abortReason) => Close();

    public override ValueTask DisposeAsync()
    {
        Close();
        return default;
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref isClosed, 1) != 0) return;
        SocketTransport.Shutdown(socket);
        socket.Dispose();
        // Elsewhere: its listeners close connections, and this is called by one.
        _ = closed.CancelAsync();
    }
}
