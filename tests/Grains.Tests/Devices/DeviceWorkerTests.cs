using System.Diagnostics.Metrics;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FewShotCluster.Grains.Tests.Devices;

public sealed class DeviceWorkerTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly ToyModels _models = new();
    private readonly List<DeviceWorker> _workers = [];

    [Fact]
    public async Task What_queued_while_the_device_was_busy_runs_as_one_batch()
    {
        var worker = await Started(new() { MaxBatch = 8, QueueLimit = 8, MaxLinger = TimeSpan.Zero });
        var busy = await Hold(worker);
        var queued = Enumerable.Range(0, 5).Select(i => Encode(worker, (byte)i)).ToArray();
        Assert.Equal((5, 1), (worker.QueueLength, worker.Running));
        _models.Encoder.Gate.Set();
        var rows = await Task.WhenAll(queued);
        await busy;
        // Padded to the bucket of eight: the network meets few sizes.
        Assert.Equal([1, 8], _models.Encoder.ImageBatches);
        for (var i = 0; i < rows.Length; i++) Assert.Equal(ToyEncoder.Feature(Planes((byte)i)), rows[i][0]);
        Assert.Equal((0, 0), (worker.QueueLength, worker.Running));
        Assert.Equal(6, worker.Encoded);
    }

    [Fact]
    public async Task Batches_never_mix_kinds()
    {
        var worker = await Started(new() { MaxBatch = 8, MaxLinger = TimeSpan.Zero });
        var busy = await Hold(worker);
        var image = Encode(worker, 1);
        var text = Text(worker, "red");
        var refined = worker.Enqueue(worker.Admit(WorkKind.Refiner, WorkOwner.Anyone), [Planes(3)], "", default);
        var second = Encode(worker, 2);
        _models.Encoder.Gate.Set();
        await Task.WhenAll(busy, image, text, refined, second);
        Assert.Equal([1, 2], _models.Encoder.ImageBatches);
        Assert.Equal(ToyColours.OfText("red"), (await text)[0]);
        Assert.Equal(4, worker.Batches);
        Assert.Equal(5, worker.Encoded);
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_says_when_to_come_back()
    {
        var worker = await Started(new() { MaxBatch = 2, QueueLimit = 2, MaxLinger = TimeSpan.Zero });
        var busy = await Hold(worker);
        var queued = new[] { Encode(worker, 1), Encode(worker, 2) };
        var refusal = Assert.Throws<FewShotException>(() => worker.Admit(WorkKind.Image, WorkOwner.Anyone));
        Assert.Equal(FewShotErrorCode.Overloaded, refusal.Code);
        Assert.True(refusal.RetryAfter > TimeSpan.Zero);
        _models.Encoder.Gate.Set();
        await Task.WhenAll(queued.Append(busy));
        worker.Withdraw(worker.Admit(WorkKind.Image, WorkOwner.Anyone));
        Assert.Equal(0, worker.QueueLength);
    }

    [Fact]
    public async Task Cancelled_work_never_reaches_the_device_and_frees_its_place()
    {
        var worker = await Started(new() { MaxBatch = 2, QueueLimit = 2, MaxLinger = TimeSpan.Zero });
        var busy = await Hold(worker);
        using var cancellation = new CancellationTokenSource();
        var dropped = Encode(worker, 1, cancellation.Token);
        var kept = Encode(worker, 2);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dropped);
        Assert.Equal(1, worker.QueueLength);
        _models.Encoder.Gate.Set();
        await Task.WhenAll(busy, kept);
        Assert.Equal([1, 1], _models.Encoder.ImageBatches);
    }

    [Fact]
    public async Task A_busy_device_lingers_until_its_batch_is_full_and_an_idle_one_does_not()
    {
        // The clock stands still: only a full batch can end the linger.
        var worker = await Started(new() { MaxBatch = 2, QueueLimit = 8, MaxLinger = TimeSpan.FromMilliseconds(100) });
        var busy = await Hold(worker);
        var first = Encode(worker, 1);
        _models.Encoder.Gate.Set();
        await busy;
        var second = Encode(worker, 2);
        await Task.WhenAll(first, second);
        Assert.Equal([1, 2], _models.Encoder.ImageBatches);
    }

    [Fact]
    public async Task A_bad_item_fails_alone()
    {
        var worker = await Started(new() { MaxBatch = 4, MaxLinger = TimeSpan.Zero });
        _models.Encoder.Text = text => text == "bad" ? throw new InvalidOperationException("bad text") : ToyColours.OfText(text);
        var busy = await Hold(worker);
        var texts = new[] { "red", "bad", "blue" }.Select(text => Text(worker, text)).ToArray();
        _models.Encoder.Gate.Set();
        await busy;
        Assert.Equal(ToyColours.OfText("red"), (await texts[0])[0]);
        await Expect.Error(FewShotErrorCode.Internal, () => texts[1]);
        Assert.Equal(ToyColours.OfText("blue"), (await texts[2])[0]);
    }

    [Fact]
    public async Task A_fit_runs_between_batches_and_is_not_starved()
    {
        var worker = await Started(new() { MaxBatch = 1, BatchesPerFitSlice = 2, MaxLinger = TimeSpan.Zero });
        var busy = await Hold(worker);
        var order = new List<string>();
        var images = Enumerable.Range(1, 6).Select(i => Encode(worker, (byte)i)).ToArray();
        var left = 4;
        var fit = worker.RunSliced(
            () =>
            {
                lock (order) order.Add($"slice after {_models.Encoder.ImageBatches.Length}");
                return --left > 0;
            },
            default);
        _models.Encoder.Gate.Set();
        await Task.WhenAll(images.Append(busy).Append(fit));
        // The held batch was the first; then two batches a slice, and the last slice when the queue was empty.
        Assert.Equal(["slice after 2", "slice after 4", "slice after 6", "slice after 7"], order);
    }

    [Fact]
    public async Task A_fit_gets_a_share_of_the_time_of_the_batches_that_it_waited_for()
    {
        var worker = await Started(new() { MaxBatch = 1, BatchesPerFitSlice = 2, MaxLinger = TimeSpan.Zero });
        _models.Encoder.Encoding = _ => _time.Advance(TimeSpan.FromSeconds(1));
        // Nothing is owed for a batch that no fit waited for.
        await Encode(worker, 100);
        var busy = await Hold(worker);
        var images = Enumerable.Range(1, 3).Select(i => Encode(worker, (byte)i)).ToArray();
        var steps = new List<int>();
        var fit = worker.RunSliced(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(9));
                steps.Add(_models.Encoder.ImageBatches.Length);
                return steps.Count < 24;
            },
            default);
        _models.Encoder.Gate.Set();
        await Task.WhenAll(images.Append(busy).Append(fit));
        // A twentieth of two seconds is twelve steps of nine milliseconds.
        Assert.Equal([(3, 12), (5, 12)], steps.CountBy(batches => batches).Select(count => (count.Key, count.Value)));
    }

    [Fact]
    public async Task A_cancelled_fit_takes_no_more_steps_and_a_failing_one_reports()
    {
        var worker = await Started(new());
        using var cancellation = new CancellationTokenSource();
        var steps = 0;
        var fit = worker.RunSliced(
            () =>
            {
                if (++steps == 3) cancellation.Cancel();
                return true;
            },
            cancellation.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fit);
        Assert.Equal(3, steps);
        await Expect.Error(FewShotErrorCode.Internal, () => worker.RunSliced(() => throw new InvalidOperationException("no"), default));
        await Encode(worker, 1);
    }

    [Fact]
    public async Task Stopping_fails_what_waits()
    {
        var worker = await Started(new() { MaxLinger = TimeSpan.Zero });
        var busy = await Hold(worker);
        var waiting = Encode(worker, 1);
        var stop = Task.Run(worker.Dispose);
        while (!Refuses(worker)) await Task.Yield();
        _models.Encoder.Gate.Set();
        await stop;
        await busy;
        await Expect.Error(FewShotErrorCode.DeviceUnavailable, () => waiting);
    }

    [Fact]
    public async Task Work_that_cannot_be_done_in_time_is_refused_at_once()
    {
        var worker = await Started(new() { MaxBatch = 1, QueueLimit = 16, MaxLinger = TimeSpan.Zero });
        _models.Encoder.Encoding = _ => _time.Advance(TimeSpan.FromMilliseconds(100));
        await Encode(worker, 1);
        var busy = await Hold(worker);
        var queued = Enumerable.Range(0, 3).Select(i => Encode(worker, (byte)i)).ToArray();

        // The running batch and three more take 400 ms, its own 100; a fifth of the time is kept for what comes after the device.
        var slow = Assert.Throws<FewShotException>(() => Admit(620));
        Assert.Equal(FewShotErrorCode.Overloaded, slow.Code);
        Assert.Equal(400, slow.RetryAfter!.Value.TotalMilliseconds, 3);
        Assert.Equal(FewShotErrorCode.DeadlineExceeded, Assert.Throws<FewShotException>(() => Admit(50)).Code);
        Assert.Equal(FewShotErrorCode.DeadlineExceeded, Assert.Throws<FewShotException>(() => Admit(0)).Code);
        worker.Withdraw(Admit(630));
        // Beside the flood another set waits for its turn only.
        worker.Withdraw(worker.Admit(WorkKind.Image, worker.Owner(new WorkOrigin("guest", TimeSpan.FromMilliseconds(380)))));
        _models.Encoder.Gate.Set();
        await Task.WhenAll(queued.Append(busy));
        while (worker.Running > 0) await Task.Yield();
        // Idle: only the device can say how long it takes now.
        worker.Withdraw(Admit(50));

        DeviceWork Admit(double milliseconds) =>
            worker.Admit(WorkKind.Image, worker.Owner(new WorkOrigin("", TimeSpan.FromMilliseconds(milliseconds))));
    }

    [Fact]
    public async Task Expired_work_never_reaches_the_device()
    {
        var worker = await Started(new() { MaxBatch = 8, MaxLinger = TimeSpan.Zero });
        var busy = await Hold(worker);
        var owner = worker.Owner(new WorkOrigin("set", TimeSpan.FromMilliseconds(50)));
        var late = worker.Enqueue(worker.Admit(WorkKind.Image, owner), [Planes(1)], "", default);
        _time.Advance(TimeSpan.FromMilliseconds(50));
        _models.Encoder.Gate.Set();
        await busy;
        await Expect.Error(FewShotErrorCode.DeadlineExceeded, () => late);
        await Encode(worker, 2);
        Assert.Equal([1, 1], _models.Encoder.ImageBatches);
        Assert.Equal(0, worker.QueueLength);
    }

    [Fact]
    public async Task After_a_storm_of_cancellations_nothing_is_held()
    {
        var worker = await Started(new() { MaxBatch = 8, QueueLimit = 64, MaxLinger = TimeSpan.Zero });
        var (done, cancelled, refused) = (0, 0, 0);
        await Parallel.ForAsync(0, 2000, async (i, _) =>
        {
            using var cancellation = new CancellationTokenSource();
            try
            {
                var work = worker.Admit(WorkKind.Image, new WorkOwner($"set {i % 7}", double.PositiveInfinity));
                if (i % 5 == 0)
                {
                    worker.Withdraw(work);
                    Interlocked.Increment(ref cancelled);
                    return;
                }
                var rows = worker.Enqueue(work, [Planes((byte)i)], "", cancellation.Token);
                if (i % 2 == 0) await cancellation.CancelAsync();
                await rows;
                Interlocked.Increment(ref done);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref cancelled);
            }
            catch (FewShotException e) when (e.Code == FewShotErrorCode.Overloaded)
            {
                Interlocked.Increment(ref refused);
            }
        });
        Assert.Equal(2000, done + cancelled + refused);
        Assert.True(worker.Encoded >= done);
        // A batch's items are answered a moment before it counts as over.
        while (worker.Running > 0) await Task.Yield();
        Assert.Equal(0, worker.QueueLength);
        await Encode(worker, 1);
    }

    [Fact]
    public async Task Every_size_of_every_network_is_warmed_up_before_the_device_takes_work()
    {
        var worker = Worker(_models, new() { MaxBatch = 6, ThreadsPerDevice = 1 });
        await worker.Start();
        Assert.Equal([1, 1, 2, 2, 4, 4, 6, 6], _models.Encoder.ImageBatches);
        Assert.Equal(26, _models.Refiner!.Encoded);
        Assert.Equal((0, DeviceState.Active), (worker.Encoded, worker.State));
    }

    [Fact]
    public async Task Warming_up_stops_before_the_size_that_would_not_fit_in_its_time()
    {
        _models.Encoder.Encoding = size => _time.Advance(TimeSpan.FromSeconds(size));
        var worker = Worker(_models, new() { MaxBatch = 8, WarmUpTime = TimeSpan.FromSeconds(9), ThreadsPerDevice = 1 });
        await worker.Start();
        // 1 + 1 + 2 + 2 seconds; twice four more would end after fourteen.
        Assert.Equal([1, 1, 2, 2], _models.Encoder.ImageBatches);
    }

    [Fact]
    public async Task Models_that_do_not_load_make_the_device_unavailable()
    {
        var worker = Worker(new BrokenModels(), new());
        await Expect.Error(FewShotErrorCode.ModelUnavailable, () => worker.Start());
        Assert.Equal(FewShotErrorCode.DeviceUnavailable, Assert.Throws<FewShotException>(() => worker.Admit(WorkKind.Image, WorkOwner.Anyone)).Code);
    }

    public void Dispose()
    {
        // Opened first: a failed test may have left the device held, and stopping waits for its batch.
        _models.Encoder.Gate.Set();
        foreach (var worker in _workers) worker.Dispose();
        _services.Dispose();
    }

    private static byte[] Planes(byte value) => [.. Enumerable.Repeat(value, 3 * ToyImages.Side * ToyImages.Side)];

    private static Task<float[][]> Encode(DeviceWorker worker, byte value, CancellationToken cancellationToken = default) =>
        worker.Enqueue(worker.Admit(WorkKind.Image, WorkOwner.Anyone), [Planes(value)], "", cancellationToken);

    private static Task<float[][]> Text(DeviceWorker worker, string text) =>
        worker.Enqueue(worker.Admit(WorkKind.Text, WorkOwner.Anyone), [], text, default);

    private static bool Refuses(DeviceWorker worker)
    {
        try
        {
            worker.Withdraw(worker.Admit(WorkKind.Image, WorkOwner.Anyone));
            return false;
        }
        catch (FewShotException)
        {
            return true;
        }
    }

    /// <summary>Occupies the device with a batch of one until the gate opens.</summary>
    private async Task<Task> Hold(DeviceWorker worker)
    {
        while (_models.Encoder.Reached.CurrentCount > 0) await _models.Encoder.Reached.WaitAsync();
        _models.Encoder.Gate.Reset();
        var busy = Encode(worker, 200);
        await _models.Encoder.Reached.WaitAsync();
        return busy;
    }

    private async Task<DeviceWorker> Started(FewShotNodeOptions options)
    {
        (options.ThreadsPerDevice, options.WarmUpTime) = (1, TimeSpan.Zero);
        var worker = Worker(_models, options);
        await worker.Start();
        return worker;
    }

    private DeviceWorker Worker(IDeviceModelSource models, FewShotNodeOptions options)
    {
        var metrics = new FewShotMetrics(_services.GetRequiredService<IMeterFactory>());
        var worker = new DeviceWorker("cpu:0", models, options, _time, metrics, NullLogger.Instance);
        _workers.Add(worker);
        return worker;
    }

    private sealed class BrokenModels : IDeviceModelSource
    {
        public DeviceModels Load(string device) => throw new FileNotFoundException("no weights");
    }
}
