using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FewShotCluster.Grains.Tests.Devices;

public sealed class DeviceFaultTests : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(500);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly ToyModels _models = new();
    private readonly DeviceWorker _worker;
    private readonly MeterReadings _readings;

    public DeviceFaultTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        var options = new FewShotNodeOptions { ThreadsPerDevice = 1, MaxBatch = 2, MaxLinger = TimeSpan.Zero, WarmUpTime = TimeSpan.Zero, RestartDelay = Rest };
        _readings = new MeterReadings(meters);
        _worker = new DeviceWorker("cpu:0", _models, options, _time, new FewShotMetrics(meters), NullLogger.Instance);
    }

    public static TheoryData<Exception> Faults => [new OutOfMemoryException("CUDA out of memory"), new ExternalException("device-side assert\n at kernel.cu")];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_failed_device_gives_its_work_back_and_starts_anew(Exception failure)
    {
        await _worker.Start();
        _models.Encoder.Encoding = _ => throw failure;
        _models.Encoder.Gate.Reset();
        var running = Encode(1);
        await _models.Encoder.Reached.WaitAsync();
        var preparing = _worker.Admit(WorkKind.Image, WorkOwner.Anyone);
        var queued = Enumerable.Range(2, 5).Select(i => Encode((byte)i)).ToArray();
        var fit = _worker.RunSliced(() => true, default);
        _models.Encoder.Gate.Set();

        foreach (var work in queued.Prepend(running).Append(fit)) await Expect.Error(FewShotErrorCode.DeviceUnavailable, () => work);
        Assert.Equal((DeviceState.Quarantined, 1), (_worker.State, _worker.Faults));
        Assert.DoesNotContain('\n', _worker.LastFault);
        Assert.Contains(failure.Message.Split('\n')[0], _worker.LastFault);
        // What was being decoded meets the same end, and gives its place back.
        Assert.Equal(1, _worker.QueueLength);
        await Expect.Error(FewShotErrorCode.DeviceUnavailable, () => _worker.Enqueue(preparing, [Planes(1)], "", default));
        var refusal = Assert.Throws<FewShotException>(() => _worker.Admit(WorkKind.Image, WorkOwner.Anyone));
        Assert.Equal((FewShotErrorCode.DeviceUnavailable, Rest), (refusal.Code, refusal.RetryAfter!.Value));
        Assert.Equal((0, 0), (_worker.QueueLength, _worker.Running));

        _models.Encoder.Encoding = null;
        await Restarted();
        Assert.Equal(ToyEncoder.Feature(Planes(9)), (await Encode(9))[0]);
        Assert.Equal(2, _models.Loads);
        Assert.Equal((1, 1), (_readings.Sum("fewshot.device.faults"), _readings.Sum("fewshot.device.restarts")));
        Assert.Equal(0, _readings.Now("fewshot.queue.length") + _readings.Now("fewshot.device.running"));
    }

    [Fact]
    public async Task A_device_that_does_not_start_again_rests_twice_as_long_each_time()
    {
        var tried = new SemaphoreSlim(0);
        _models.Loading = load =>
        {
            if (load is 1) return;
            tried.Release();
            if (load is 2 or 3) throw new ExternalException("no device");
        };
        await _worker.Start();
        _worker.InjectFault("pulled out");
        foreach (var (rests, load) in new[] { (1, 2), (2, 3), (4, 4) })
        {
            while (_worker.State == DeviceState.Active || _models.Loads < load - 1) await Task.Yield();
            await Refusing(rests * Rest);
            _time.Advance((rests * Rest) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(load - 1, _models.Loads);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await tried.WaitAsync();
        }
        await Restarted();
        await Encode(1);
        // Cured for a while: the next fault is a first one again.
        _time.Advance(TimeSpan.FromMinutes(2));
        _worker.InjectFault("again");
        while (_worker.State == DeviceState.Active) await Task.Yield();
        await Refusing(Rest);
    }

    [Fact]
    public async Task Models_that_changed_on_disk_are_not_taken_into_service()
    {
        _models.Loading = load =>
        {
            if (load > 1) _models.Encoder.Digest = "of other weights";
        };
        await _worker.Start();
        _worker.InjectFault("by the test");
        while (_worker.State == DeviceState.Active) await Task.Yield();
        while (_models.Loads < 2) await Pass(Rest);
        while (!_worker.LastFault.Contains("restart the node")) await Task.Yield();
        Assert.Equal(DeviceState.Quarantined, _worker.State);
    }

    [Fact]
    public async Task A_quarantined_device_stops_at_once()
    {
        await _worker.Start();
        _worker.InjectFault("by the test");
        while (_worker.State == DeviceState.Active) await Task.Yield();
        _worker.Dispose();
        Assert.Equal(DeviceState.Stopped, _worker.State);
        Assert.Equal(FewShotErrorCode.DeviceUnavailable, Assert.Throws<FewShotException>(() => _worker.InjectFault("late")).Code);
    }

    public void Dispose()
    {
        _models.Encoder.Gate.Set();
        _worker.Dispose();
        _readings.Dispose();
        _services.Dispose();
    }

    private static byte[] Planes(byte value) => [.. Enumerable.Repeat(value, 3 * ToyImages.Side * ToyImages.Side)];

    private Task<float[][]> Encode(byte value) => _worker.Enqueue(_worker.Admit(WorkKind.Image, WorkOwner.Anyone), [Planes(value)], "", default);

    /// <summary>Waits until the device says when it will be back.</summary>
    private async Task Refusing(TimeSpan wait)
    {
        while (Assert.Throws<FewShotException>(() => _worker.Admit(WorkKind.Image, WorkOwner.Anyone)).RetryAfter is not { } said
            || Math.Abs((said - wait).TotalMilliseconds) > 0.5) await Task.Yield();
    }

    private async Task Restarted()
    {
        while (_worker.State != DeviceState.Active) await Pass(Rest);
    }

    private async Task Pass(TimeSpan span)
    {
        _time.Advance(span);
        await Task.Yield();
    }
}
