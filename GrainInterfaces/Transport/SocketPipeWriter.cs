using System.IO.Pipelines;
using System.Net.Sockets;

namespace FewShotCluster.GrainInterfaces.Transport;

/// <summary>
/// Sends what is written when it is flushed, in large blocks. As .NET's writer over a stream, which it is inside, except for its end: the last
/// send is bounded in time, an end that fails is an end, and it can be cancelled after it.
/// </summary>
/// <param name="socket">Connected; its owner closes it.</param>
internal sealed class SocketPipeWriter(Socket socket) : PipeWriter
{
    // A photo of 150 KB and its headers; rented until it is sent.
    private const int BlockBytes = 256 * 1024;

    private static readonly TimeSpan LastSend = TimeSpan.FromSeconds(1);

    private readonly PipeWriter blocks = Create(new SendStream(socket), new(minimumBufferSize: BlockBytes));

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => blocks.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => blocks.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => blocks.GetSpan(sizeHint);

    public override void Advance(int bytes) => blocks.Advance(bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => blocks.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        blocks.WriteAsync(source, cancellationToken);

    public override void CancelPendingFlush()
    {
        try
        {
            blocks.CancelPendingFlush();
        }
        catch (ObjectDisposedException)
        {
            // Its end came first.
        }
    }

    /// <summary>The end without another send: what was written and not flushed is lost.</summary>
    public override void Complete(Exception? exception = null) => blocks.Complete(exception ?? new OperationCanceledException());

    /// <summary>Sends what was written and not flushed, unless an earlier send broke off, for as long as that may take; never fails.</summary>
    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        using var limit = new CancellationTokenSource(LastSend);
        // Nothing else ends a send to somebody who does not read.
        await using var ending = limit.Token.UnsafeRegister(socket => SocketTransport.Shutdown((Socket)socket!), socket);
        try
        {
            await blocks.CompleteAsync(exception);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The other end is gone, or too slow.
        }
    }

    /// <summary>After a send that broke off nothing is sent: the other end would read it as what was missing.</summary>
    private sealed class SendStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
    {
        private bool isBroken;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (isBroken) return;
            isBroken = true;
            await base.WriteAsync(buffer, cancellationToken);
            isBroken = false;
        }
    }
}
