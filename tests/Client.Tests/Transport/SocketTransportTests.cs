using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using FewShotCluster.GrainInterfaces.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;

namespace FewShotCluster.Client.Tests.Transport;

public sealed class SocketTransportTests
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(150_000)]
    [InlineData(5_000_000)]
    public async Task Carries_bytes_both_ways_unchanged(int length)
    {
        await using var pair = await Pair.OpenAsync();
        var sent = new byte[length];
        new Random(length).NextBytes(sent);
        foreach (var (from, to) in new[] { (pair.Here, pair.There), (pair.There, pair.Here) })
        {
            var received = ReadAsync(to.Transport.Input, length);
            await from.Transport.Output.WriteAsync(sent, Stop);
            Assert.Equal(sent, await received);
        }
    }

    [Fact]
    public async Task Ends_as_Orleans_ends_it()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.Here.Transport.Input.CompleteAsync();
        var sent = new byte[] { 1, 2, 3 };
        await pair.Here.Transport.Output.WriteAsync(sent, Stop);
        Assert.Equal(sent, await ReadAsync(pair.There.Transport.Input, sent.Length));

        await pair.Here.Transport.Output.CompleteAsync();
        pair.Here.Transport.Output.CancelPendingFlush();
        pair.Here.Transport.Input.CancelPendingRead();
        Assert.False(pair.Here.ConnectionClosed.IsCancellationRequested);
        pair.Here.Abort(new ConnectionAbortedException());
        await Cancelled(pair.Here.ConnectionClosed);
    }

    [Fact]
    public async Task Its_end_is_the_end_of_what_the_other_one_reads()
    {
        await using var pair = await Pair.OpenAsync();
        var reading = pair.There.Transport.Input.ReadAsync(Stop);
        pair.Here.Abort(new ConnectionAbortedException());
        Assert.True((await reading).IsCompleted);
    }

    [Fact]
    public async Task Aborting_alone_closes_it_and_ends_its_own_reading()
    {
        await using var pair = await Pair.OpenAsync();
        var reading = pair.Here.Transport.Input.ReadAsync(Stop).AsTask();
        pair.Here.Abort(new ConnectionAbortedException());
        await Cancelled(pair.Here.ConnectionClosed);
        var failure = await Record.ExceptionAsync(() => reading);
        Assert.True(failure is IOException or null, $"{failure}");
    }

    [Fact]
    public async Task A_read_can_be_cancelled_and_done_again()
    {
        await using var pair = await Pair.OpenAsync();
        var reading = pair.There.Transport.Input.ReadAsync(Stop);
        pair.There.Transport.Input.CancelPendingRead();
        Assert.True((await reading).IsCanceled);
        await pair.Here.Transport.Output.WriteAsync(new byte[] { 7 }, Stop);
        Assert.Equal([7], await ReadAsync(pair.There.Transport.Input, 1));
    }

    [Fact]
    public async Task What_was_written_and_not_flushed_is_sent_at_the_end()
    {
        await using var pair = await Pair.OpenAsync();
        pair.Here.Transport.Output.CancelPendingFlush();
        Assert.True((await pair.Here.Transport.Output.WriteAsync(new byte[] { 1, 2 }, Stop)).IsCanceled);
        pair.Here.Transport.Output.Write(new byte[] { 3, 4 });
        pair.Here.Transport.Output.CancelPendingFlush();
        Assert.True((await pair.Here.Transport.Output.FlushAsync(Stop)).IsCanceled);
        await pair.Here.Transport.Output.CompleteAsync();
        Assert.Equal([3, 4], await ReadAsync(pair.There.Transport.Input, 2));
    }

    [Theory]
    [InlineData(true)]  // the send had begun
    [InlineData(false)]
    public async Task A_send_to_somebody_who_does_not_read_ends_with_the_connection(bool begun)
    {
        await using var pair = await Pair.OpenAsync();
        var output = pair.Here.Transport.Output;
        output.Write(new byte[30_000_000]);
        if (!begun) output.CancelPendingFlush();
        var sending = output.FlushAsync(Stop);
        if (begun)
        {
            Assert.False(sending.IsCompleted);
            output.CancelPendingFlush();
        }
        Assert.True((await sending).IsCanceled);
        await output.CompleteAsync();
        pair.Here.Abort(new ConnectionAbortedException());
        await Cancelled(pair.Here.ConnectionClosed);
    }

    [Fact]
    public async Task Writing_to_somebody_who_is_gone_fails_and_its_end_does_not()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.There.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            // The first is taken by the system before it hears of the reset.
            while (true) await pair.Here.Transport.Output.WriteAsync(new byte[1000], Stop);
        });
        await pair.Here.Transport.Output.CompleteAsync();
        pair.Here.Transport.Output.CancelPendingFlush();
    }

    [Fact]
    public async Task Disposing_closes_a_connection_that_nobody_used()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.Here.DisposeAsync();
        await Cancelled(pair.Here.ConnectionClosed);
    }

    [Fact]
    public async Task A_port_taken_is_a_typed_error()
    {
        var transport = new SocketTransport();
        await using var first = await transport.BindAsync(AnyPort, Stop);
        await Assert.ThrowsAsync<AddressInUseException>(async () => await transport.BindAsync(first.EndPoint, Stop));
    }

    [Fact]
    public async Task An_unbound_listener_accepts_nothing_more()
    {
        await using var listener = await new SocketTransport().BindAsync(AnyPort, Stop);
        var accepting = listener.AcceptAsync(Stop);
        await listener.UnbindAsync(Stop);
        Assert.Null(await accepting);
        await Assert.ThrowsAsync<SocketException>(async () => await new SocketTransport().ConnectAsync(listener.EndPoint, Stop));
    }

    [Fact]
    public async Task Connecting_can_be_cancelled()
    {
        await using var listener = await new SocketTransport().BindAsync(AnyPort, Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await new SocketTransport().ConnectAsync(listener.EndPoint, new(canceled: true)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Takes_the_place_of_every_connection_of_Orleans(bool isSilo)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        if (isSilo) builder.UseOrleans(silo => silo.ConfigureServices(services => services.UseLargeBlockSockets()));
        else builder.UseOrleansClient(client => client.ConfigureServices(services => services.UseLargeBlockSockets()));
        var connections = builder.Services.Where(service => service.ServiceType == typeof(IConnectionFactory) || service.ServiceType == typeof(IConnectionListenerFactory)).ToArray();
        Assert.Equal(isSilo ? 3 : 1, connections.Length);
        Assert.All(connections, service => Assert.IsType<SocketTransport>(service.IsKeyedService ? service.KeyedImplementationInstance : service.ImplementationInstance));
    }

    private static async Task<byte[]> ReadAsync(PipeReader reader, int length)
    {
        var read = await reader.ReadAtLeastAsync(length, Stop);
        var bytes = read.Buffer.ToArray();
        reader.AdvanceTo(read.Buffer.End);
        return bytes;
    }

    private static async Task Cancelled(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource();
        await using var registration = token.Register(cancelled.SetResult);
        await cancelled.Task.WaitAsync(Stop);
    }

    private sealed record Pair(ConnectionContext Here, ConnectionContext There, IConnectionListener Listener) : IAsyncDisposable
    {
        public static async Task<Pair> OpenAsync()
        {
            var transport = new SocketTransport();
            var listener = await transport.BindAsync(AnyPort, Stop);
            var accepting = listener.AcceptAsync(Stop);
            var here = await transport.ConnectAsync(listener.EndPoint, Stop);
            return new(here, (await accepting)!, listener);
        }

        public async ValueTask DisposeAsync()
        {
            await Here.DisposeAsync();
            await There.DisposeAsync();
            await Listener.DisposeAsync();
        }
    }
}
