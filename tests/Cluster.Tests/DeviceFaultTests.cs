using System.Net;
using FewShotCluster.Client;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.GrainInterfaces.Cluster;

namespace FewShotCluster.Cluster.Tests;

/// <summary>A device that fails under load, in a real node with the demo's models.</summary>
public sealed class DeviceFaultTests
{
    [Fact]
    public async Task AFailedDeviceIsRestartedAndReportedAndCostsNoRequest()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder["data"], "--fault-injection", "true");
        await using var client = await server.ConnectAsync();
        await client.CreateClassSetAsync("faulted", Pictures.Definition);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        using var answered = new SemaphoreSlim(0);
        var callers = Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            // Bytes of their own past the picture's end: each photo is new to the cache.
            for (var i = 0; !enough.IsCancellationRequested; i++)
            {
                await client.ClassifyAsync("faulted", Distinct(Pictures.Test(0), caller, i), new ClassifyOptions { Deadline = TimeSpan.FromSeconds(60) });
                answered.Release();
            }
        })).ToArray();
        await Answers(20);

        var posted = await server.Http.PostAsync("/v1/devices/faults?slot=node-a/cpu:0&reason=trial", null);
        Assert.Equal(HttpStatusCode.Accepted, posted.StatusCode);
        DeviceStatus device;
        do device = (await client.GetStatusAsync(limit.Token)).Devices.Single();
        while (device is { Faults: 0 } or { State: DeviceState.Quarantined });
        Assert.Equal((1, DeviceState.Active, "injected: trial"), (device.Faults, device.State, device.LastFault));
        await Answers(20);
        await enough.CancelAsync();
        await Task.WhenAll(callers);
        var metrics = await server.Http.GetStringAsync("/metrics");
        Assert.Contains("fewshot_device_faults_total", metrics);
        Assert.Contains("fewshot_device_restarts_total", metrics);
        var idle = (await client.GetStatusAsync()).Devices.Single();
        Assert.Equal((0, 0), (idle.QueueLength, idle.Running));

        async Task Answers(int count)
        {
            while (answered.CurrentCount > 0) await answered.WaitAsync(limit.Token);
            for (var i = 0; i < count; i++) await answered.WaitAsync(limit.Token);
        }
    }

    private static byte[] Distinct(byte[] photo, int caller, int number) => [.. photo, (byte)caller, .. BitConverter.GetBytes(number)];
}
