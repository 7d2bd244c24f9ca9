using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FewShotCluster.Client;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cluster.Tests;

/// <summary>Who connects to a gateway without being a client of its cluster is sent away, and leaves nothing behind.</summary>
public sealed class StrangerTests
{
    private const int Strangers = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task ANodeKeepsNoConnectionOfAStrangerAndStopsAtOnce()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["data"]);
        await using (var client = await server.ConnectAsync()) await client.GetStatusAsync();
        var before = server.OpenSockets;
        for (var i = 0; i < Strangers; i++)
        {
            using var stranger = new TcpClient();
            await stranger.ConnectAsync(IPEndPoint.Parse(server.Gateway));
            // Some speak HTTP, some a very long number, some say nothing and go.
            if (i % 3 == 0) await stranger.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
            if (i % 3 == 1) await stranger.GetStream().WriteAsync(Enumerable.Repeat((byte)0xFF, 5000).ToArray());
        }
        await FewerAsync(server, before + 1);
        var watch = Stopwatch.StartNew();
        Assert.Equal(0, await server.StopAsync());
        Assert.True(watch.Elapsed < Patience, $"it took {watch.Elapsed} to stop");
    }

    [Fact]
    public async Task AClientOfAnotherClusterIsToldSoAndLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["data"]);
        var before = server.OpenSockets;
        var options = new FewShotClientOptions { Gateways = [server.Gateway], ClusterId = "another", ConnectTimeout = TimeSpan.FromSeconds(5) };
        var error = await Assert.ThrowsAsync<FewShotException>(() => FewShotClient.ConnectAsync(options));
        Assert.Equal(FewShotErrorCode.DeviceUnavailable, error.Code);
        Assert.Contains("another", error.Message);
        await FewerAsync(server, before + 1);
        await using var client = await server.ConnectAsync();
        Assert.NotEmpty((await client.GetStatusAsync()).Devices);
    }

    private static async Task FewerAsync(ServerProcess server, int than)
    {
        for (var watch = Stopwatch.StartNew(); server.OpenSockets >= than; await Task.Delay(20))
            Assert.True(watch.Elapsed < Patience, $"{server.OpenSockets} sockets are open, {than - 1} were before");
    }
}
