using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace FewShotCluster.GrainInterfaces.Transport;

/// <summary>
/// One TCP connection between nodes, or of a client with a node. Whoever reads receives, and whoever writes sends: no thread stands between
/// them and the socket, and a photo fits into one block, so that it takes a few system calls.
/// </summary>
internal sealed class SocketConnectionContext : ConnectionContext, IDuplexPipe
{
    // A photo of 150 KB and its headers; rented while there is something to read or to send.
    private const int BlockBytes = 256 * 1024;

    // For what is left to send at the end; the thread that closes waits for it.
    private static readonly TimeSpan LastSend = TimeSpan.FromSeconds(1);

    private readonly Socket socket;
    private readonly CancellationTokenSource closed = new();
    private int ended;

    /// <param name="socket">Connected; the connection's from now on.</param>
    public SocketConnectionContext(Socket socket)
    {
        this.socket = socket;
        socket.SendTimeout = (int)LastSend.TotalMilliseconds;
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        ConnectionClosed = closed.Token;
        Transport = this;
        // What was written is still sent when reading ends; nothing is left to read for once writing has ended.
        Input = PipeReader.Create(new Side(socket, () => End(SocketShutdown.Receive)), new(bufferSize: BlockBytes, useZeroByteReads: true));
        Output = PipeWriter.Create(new Side(socket, () => End(SocketShutdown.Both)), new(minimumBufferSize: BlockBytes));
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

    /// <summary>Cancelled once both directions have ended.</summary>
    public override CancellationToken ConnectionClosed { get; set; }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        Shutdown(SocketShutdown.Both);
        Input.CancelPendingRead();
        Output.CancelPendingFlush();
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await Input.CompleteAsync();
            // Not the asynchronous one: nothing would end its last send.
            Output.Complete();
        }
        finally
        {
            Close();
        }
    }

    private void End(SocketShutdown direction)
    {
        Shutdown(direction);
        if (Interlocked.Increment(ref ended) == 2) Close();
    }

    private void Close()
    {
        socket.Dispose();
        // Its listeners run elsewhere: they wait for the two directions that end here.
        _ = closed.CancelAsync();
    }

    private void Shutdown(SocketShutdown direction)
    {
        try
        {
            socket.Shutdown(direction);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other end was faster.
        }
    }

    /// <summary>
    /// One direction: its end is told, the socket stays the connection's. After a send that broke off nothing is sent: the other end would
    /// read it as what was missing.
    /// </summary>
    private sealed class Side(Socket socket, Action end) : NetworkStream(socket, ownsSocket: false)
    {
        private int disposed;
        private bool isBroken;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (isBroken) return;
            isBroken = true;
            await base.WriteAsync(buffer, cancellationToken);
            isBroken = false;
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (!isBroken) base.Write(buffer);
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing && Interlocked.Exchange(ref disposed, 1) == 0) end();
        }
    }
}
