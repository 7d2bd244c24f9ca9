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
    public async Task Tells_that_it_is_closed_once_both_directions_have_ended()
    {
        await using var pair = await Pair.OpenAsync();
        await pair.Here.Transport.Input.CompleteAsync();
        Assert.False(pair.Here.ConnectionClosed.IsCancellationRequested);

        var sent = new byte[] { 1, 2, 3 };
        await pair.Here.Transport.Output.WriteAsync(sent, Stop);
        Assert.Equal(sent, await ReadAsync(pair.There.Transport.Input, sent.Length));

        await pair.Here.Transport.Output.CompleteAsync();
        await Cancelled(pair.Here.ConnectionClosed);
    }

    [Fact]
    public async Task The_other_ends_close_is_the_end_of_what_is_read()
    {
        await using var pair = await Pair.OpenAsync();
        var reading = pair.There.Transport.Input.ReadAsync(Stop);
        await pair.Here.Transport.Output.CompleteAsync();
        Assert.True((await reading).IsCompleted);
    }

    [Fact]
    public async Task Writing_ends_reading_on_the_same_connection()
    {
        await using var pair = await Pair.OpenAsync();
        var reading = pair.Here.Transport.Input.ReadAsync(Stop);
        await pair.Here.Transport.Output.CompleteAsync();
        Assert.True((await reading).IsCompleted);
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
    public async Task Aborting_ends_both_directions_at_both_ends()
    {
        await using var pair = await Pair.OpenAsync();
        var there = pair.There.Transport.Input.ReadAsync(Stop);
        pair.Here.Abort(new ConnectionAbortedException());
        Assert.True((await there).IsCompleted);
        var here = await pair.Here.Transport.Input.ReadAsync(Stop);
        Assert.True(here.IsCompleted || here.IsCanceled);
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
        pair.Here.Transport.Output.Complete();
        Assert.Equal([3, 4], await ReadAsync(pair.There.Transport.Input, 2));
    }

    [Fact]
    public async Task A_send_that_broke_off_is_not_begun_again_and_does_not_keep_the_connection_open()
    {
        await using var pair = await Pair.OpenAsync();
        // Nobody reads: a send ends up waiting.
        pair.Here.Transport.Output.Write(new byte[30_000_000]);
        var sending = pair.Here.Transport.Output.FlushAsync(Stop);
        Assert.False(sending.IsCompleted);
        pair.Here.Transport.Output.CancelPendingFlush();
        Assert.True((await sending).IsCanceled);
        pair.Here.Transport.Output.Complete();
        await pair.Here.Transport.Input.CompleteAsync();
        await Cancelled(pair.Here.ConnectionClosed);
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

    [Fact]
    public void Takes_the_place_of_every_connection_of_Orleans()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client => client.ConfigureServices(services => services.UseLargeBlockSockets()));
        var connections = builder.Services.Where(service => service.ServiceType == typeof(IConnectionFactory) || service.ServiceType == typeof(IConnectionListenerFactory)).ToArray();
        Assert.NotEmpty(connections);
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
