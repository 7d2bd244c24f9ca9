using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.Cluster;

public sealed class DeviceGrainTests
{
    private static readonly WorkOrigin Origin = new("colours", null);

    [Fact]
    public async Task A_slot_lives_on_the_silo_that_publishes_it_and_an_unknown_one_nowhere()
    {
        await using var cluster = await ToyCluster.Start(silos: 2);
        foreach (var node in cluster.Models.Keys)
        {
            var image = ToyImages.Of("red", node.Length);
            var features = await cluster.Slot($"{node}/cpu:0").EncodeImage(ContentKey.Of(image), image, Origin, default);
            Assert.Equal($"{node}/cpu:0", features!.Device);
            Assert.Single(cluster.Models[node].Encoder.ImageBatches);
            Assert.Equal($"{node}/cpu:0", (await cluster.Slot($"{node}/cpu:0").GetStatus()).Slot);
        }
        await Assert.ThrowsAnyAsync<OrleansException>(() => cluster.Slot("nowhere/cpu:0").GetStatus());

        await cluster.Create(null, "red", "green", "blue");
        for (var i = 0; i < 20; i++) Assert.Equal("blue", (await cluster.Classify(ToyImages.Of("blue", i))).Top[0].Name);
        Assert.All(cluster.Models.Values, models => Assert.True(models.Encoder.ImageBatches.Length > 1));
        var status = await cluster.Grains.GetGrain<IClusterStatusGrain>(0).GetStatus(default);
        Assert.Equal(cluster.Models.Keys.Order(), status.Nodes.Select(node => node.Name));
        Assert.Equal(2, status.Devices.Count);
        Assert.Equal("colours", Assert.Single(status.ClassSets).ClassSetId);
    }

    [Fact]
    public async Task Concurrent_misses_of_one_image_share_one_encoding_and_then_hit_the_cache()
    {
        await using var cluster = await ToyCluster.Start();
        var (image, slot) = (ToyImages.Of("red"), cluster.Slot(cluster.Device));
        var key = ContentKey.Of(image);
        Assert.Null(await slot.EncodeImage(key, null, Origin, default));
        cluster.Encoder.Gate.Reset();
        var callers = Enumerable.Range(0, 5).Select(_ => slot.EncodeImage(key, image, Origin, default)).ToArray();
        await cluster.Encoder.Reached.WaitAsync();
        cluster.Encoder.Gate.Set();
        var values = await Task.WhenAll(callers);
        Assert.Equal([1], cluster.Encoder.ImageBatches);
        Assert.All(values, features => Assert.Equal(values[0]!.Encoders[0].Values, features!.Encoders[0].Values));
        var hit = await slot.EncodeImage(key, null, Origin, default);
        Assert.True(hit!.CacheHit);
        Assert.True((await slot.GetStatus()).CacheHits >= 1);
    }

    [Fact]
    public async Task Unreadable_images_are_typed_and_leave_the_queue_empty()
    {
        await using var cluster = await ToyCluster.Start(configure: options => options.Images = new(MaxBytes: 1000, MaxPixels: 64));
        await cluster.Create(null, "red");
        await Expect.Error(FewShotErrorCode.InvalidImage, () => cluster.Classify([]));
        await Expect.Error(FewShotErrorCode.InvalidImage, () => cluster.Classify([1, 2, 3]));
        await Expect.Error(FewShotErrorCode.InvalidImage, () => cluster.Classify(ToyImages.Of("red")[..60]));
        await Expect.Error(FewShotErrorCode.ImageTooLarge, () => cluster.Classify(new byte[1001]));
        Assert.Equal(0, (await cluster.Slot(cluster.Device).GetStatus()).QueueLength);
        Assert.Equal("red", (await cluster.Classify(ToyImages.Of("red"))).Top[0].Name);
    }

    [Fact]
    public async Task A_full_device_answers_overloaded_through_the_request_grain()
    {
        await using var cluster = await ToyCluster.Start(
            configure: options => (options.QueueLimit, options.MaxBatch, options.RefinerViews) = (1, 1, 1));
        await cluster.Create(null, "red");
        cluster.Encoder.Gate.Reset();
        var running = cluster.Classify(ToyImages.Of("red", 1));
        await cluster.Encoder.Reached.WaitAsync();
        using var cancellation = new CancellationTokenSource();
        var waiting = cluster.Classify(ToyImages.Of("red", 2), cancellationToken: cancellation.Token);
        while ((await cluster.Slot(cluster.Device).GetStatus()).QueueLength == 0) await Task.Yield();
        var refusal = await Expect.Error(FewShotErrorCode.Overloaded, () => cluster.Classify(ToyImages.Of("red", 3)));
        Assert.True(refusal.RetryAfter > TimeSpan.Zero);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        while ((await cluster.Slot(cluster.Device).GetStatus()).QueueLength > 0) await Task.Yield();
        cluster.Encoder.Gate.Set();
        await running;
        // The cancelled photo never reached the device.
        Assert.Equal([1], cluster.Encoder.ImageBatches);
    }

    [Fact]
    public async Task A_failed_device_is_left_for_another_reported_and_back_after_its_restart()
    {
        await using var cluster = await ToyCluster.Start(silos: 2, configure: options => options.FaultInjection = true);
        await cluster.Create(null, "red", "green", "blue");
        var (failing, device) = (cluster.Models.First().Value, cluster.Device);
        // Its models load when the test has looked.
        var restart = new TaskCompletionSource();
        failing.Loading = _ => restart.Task.Wait();
        failing.Encoder.Encoding = _ => throw new OutOfMemoryException("CUDA out of memory");
        try
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => cluster.Classify(ToyImages.Of("blue", i))));
            Assert.All(answers, answer => Assert.Equal("blue", answer.Top[0].Name));
            Assert.All(answers, answer => Assert.NotEqual(device, answer.Device));
            var status = await cluster.Grains.GetGrain<IClusterStatusGrain>(0).GetStatus(default);
            var failed = status.Devices.Single(one => one.Slot == device);
            Assert.Equal((DeviceState.Quarantined, 1), (failed.State, failed.Faults));
            Assert.Contains("out of memory", failed.LastFault);
            Assert.Equal((0, 0), (failed.QueueLength, failed.Running));
        }
        finally
        {
            failing.Encoder.Encoding = null;
            restart.SetResult();
        }
        while ((await cluster.Slot(device).GetStatus()).State != DeviceState.Active) await Task.Yield();
        var image = ToyImages.Of("red");
        Assert.NotNull(await cluster.Slot(device).EncodeImage(ContentKey.Of(image), image, Origin, default));
    }

    [Fact]
    public async Task Faults_are_injected_only_into_nodes_that_allow_it()
    {
        await using var cluster = await ToyCluster.Start();
        await Expect.Error(FewShotErrorCode.Forbidden, () => cluster.Slot(cluster.Device).InjectFault("by the test"));
        Assert.Equal(DeviceState.Active, (await cluster.Slot(cluster.Device).GetStatus()).State);

        await using var trial = await ToyCluster.Start(configure: options => options.FaultInjection = true);
        var slot = trial.Slot(trial.Device);
        await slot.InjectFault("by the test");
        while ((await slot.GetStatus()).Faults == 0) await Task.Yield();
        Assert.Equal("injected: by the test", (await slot.GetStatus()).LastFault);
        while ((await slot.GetStatus()).State != DeviceState.Active) await Task.Yield();
        Assert.Equal(2, trial.Models.Values.Single().Loads);
    }

    [Fact]
    public async Task Cached_photos_are_answered_while_the_device_is_down()
    {
        await using var cluster = await ToyCluster.Start(configure: options =>
            (options.FaultInjection, options.RestartDelay) = (true, TimeSpan.FromSeconds(30)));
        await cluster.Create(null, "red", "green");
        var image = ToyImages.Of("green");
        Assert.False((await cluster.Classify(image)).CacheHit);
        await cluster.Slot(cluster.Device).InjectFault("by the test");
        while ((await cluster.Slot(cluster.Device).GetStatus()).State == DeviceState.Active) await Task.Yield();
        Assert.True((await cluster.Classify(image)).CacheHit);
        var refusal = await Expect.Error(FewShotErrorCode.DeviceUnavailable, () => cluster.Classify(ToyImages.Of("green", 1)));
        // What is left of the rest, and the time that loading took before.
        Assert.InRange(refusal.RetryAfter!.Value.TotalSeconds, 1, 45);
    }

    [Fact]
    public void Null_encoders_answer_repeatably_without_decoding_anything()
    {
        var models = new NullModelSource(new FewShotNodeOptions { NullEncoders = 2, NullBatchTime = TimeSpan.Zero }).Load("cpu:0");
        var planes = models.Prepare!([1, 2, 3]);
        Assert.Equal(2, planes.Length);
        Assert.Equal(2, models.Encoders.Select(encoder => encoder.Info.Digest).Distinct().Count());
        var rows = models.Encoders.Select((encoder, e) => encoder.Network.EncodeImages([planes[e], planes[e]])).ToArray();
        Assert.All(rows, row => Assert.Equal(row[..NullModelSource.Dimension], row[NullModelSource.Dimension..]));
        Assert.NotEqual(rows[0], rows[1]);
        Assert.All(rows, row => Assert.Equal(2, row.Sum(value => (double)value * value), 4));
        Assert.NotEqual(models.Encoders[0].Network.EncodeTexts(["a"]), models.Encoders[0].Network.EncodeTexts(["b"]));
    }

    [Fact]
    public async Task A_deadline_that_passes_is_typed()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red");
        cluster.Encoder.Gate.Reset();
        var request = new ClassifyRequest { ClassSetId = "colours", Image = ToyImages.Of("red"), Deadline = TimeSpan.FromMilliseconds(50) };
        var grain = cluster.Grains.GetGrain<IClassificationGrain>(0);
        await Expect.Error(FewShotErrorCode.DeadlineExceeded, () => grain.Classify(request, default));
        await Expect.Error(FewShotErrorCode.DeadlineExceeded, () => grain.Classify(request with { Deadline = TimeSpan.Zero }, default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => grain.Classify(request with { Top = 0 }, default));
        cluster.Encoder.Gate.Set();
        var answer = await grain.Classify(request with { Deadline = null, Top = 1000 }, default);
        Assert.Single(answer.Top);
    }
}
