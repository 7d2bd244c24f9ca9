using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.ClassSets;

/// <summary>Fits in line, cancelled, taken up again, with wishes.</summary>
public sealed class FitQueueTests
{
    [Fact]
    public async Task Fits_run_one_after_the_other_and_progress_is_seen()
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        await using var held = await HeldDevice.Hold(cluster);
        var set = cluster.Set();
        Assert.Equal(FitState.Running, (await set.StartFit(FitKind.Shots)).State);
        Assert.Equal(FitState.Queued, (await set.StartFit(FitKind.Proxies)).State);
        // Repetitions are told of what is there; other wishes wait behind it.
        Assert.Equal(FitState.Running, (await set.StartFit(FitKind.Shots)).State);
        Assert.Equal(FitState.Queued, (await set.StartFit(FitKind.Proxies)).State);
        var progress = await set.WaitForProgress(0, default);
        Assert.Equal((3, FitState.Running, FitState.Queued), (progress.Latest.Version, progress.Fits[0].State, progress.Fits[1].State));
        await held.DisposeAsync();
        var shots = await Left(set, FitKind.Shots);
        var proxies = await Left(set, FitKind.Proxies);
        Assert.Equal((FitState.Published, 4), (shots.State, shots.Version));
        Assert.Equal(FitState.Refused, proxies.State);
        while (progress.Latest.Version < 4 || progress.Fits.Any(fit => fit.State.IsPending()))
            progress = await set.WaitForProgress(progress.Change, TestContext.Current.CancellationToken);
        Assert.StartsWith("fit of Shots", progress.Latest.Operation);
    }

    [Fact]
    public async Task A_fit_is_cancelled_whether_it_runs_or_waits()
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        await using var held = await HeldDevice.Hold(cluster);
        var set = cluster.Set();
        await set.StartFit(FitKind.Shots);
        await set.StartFit(FitKind.Proxies);
        Assert.Equal(FitState.Cancelled, (await set.CancelFit(FitKind.Proxies, default)).State);
        var cancelling = set.CancelFit(FitKind.Shots, default);
        await held.DisposeAsync();
        var cancelled = await cancelling;
        Assert.Equal(FitState.Cancelled, cancelled.State);
        Assert.Equal(3, (await set.Describe()).Version);
        // Nothing is in the way of the next one.
        Assert.Equal(FitState.Published, (await cluster.Fit(FitKind.Shots)).State);
        Assert.Equal(FitState.Published, (await set.CancelFit(FitKind.Shots, default)).State);
    }

    [Fact]
    public async Task A_fit_that_was_asked_for_is_taken_up_by_the_next_activation()
    {
        var folder = Directory.CreateTempSubdirectory("fewshot-resume-");
        await using (var cluster = await ToyCluster.Start(folder.FullName))
        {
            await ToySets.Fitted(cluster);
            await using var held = await HeldDevice.Hold(cluster);
            Assert.Equal(FitState.Running, (await cluster.Set().StartFit(new FitRequest(FitKind.Shots, FitPreset.Paper))).State);
            // As after a crash, nothing of what it comes to is written.
            cluster.Store.Refuses = true;
        }
        await using (var cluster = await ToyCluster.Start(folder.FullName))
        {
            var fit = await Left(cluster.Set(), FitKind.Shots);
            Assert.Equal((FitState.Published, 4), (fit.State, fit.Version));
            // By its own preset, not the policy's.
            Assert.StartsWith("LP++", fit.Reason);
        }
        await using (var cluster = await ToyCluster.Start(folder.FullName))
        {
            // Once.
            Assert.Equal(FitState.None, (await cluster.Set().WaitForFit(FitKind.Shots, default)).State);
            Assert.Equal(4, (await cluster.Set().Describe()).Version);
        }
        folder.Delete(true);
    }

    [Fact]
    public async Task Deleting_a_set_ends_its_fits()
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        await using var held = await HeldDevice.Hold(cluster);
        await cluster.Set().StartFit(FitKind.Shots);
        await cluster.Set().Delete("delete", default);
        await held.DisposeAsync();
        Assert.Equal(5, (await cluster.Set().Create(new ClassSetDefinition { Classes = [new("red")] }, "again", default)).Version);
        Assert.Equal(5, (await cluster.Set().Describe()).Version);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(FitPreset.Seed)]
    public async Task Validation_photos_choose_the_epoch_and_are_no_part_of_the_set(FitPreset? preset)
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green", "blue");
        await cluster.Set().AddShots(ToySets.Shots((0, "red", 1), (1, "green", 1)), "shots", default);
        var photos = Enumerable.Range(0, 24).Select(i => (i % 2, i % 2 == 0 ? "red" : "green", 10 + i)).ToArray();
        var staged = await cluster.Set().StageValidation("v", ToySets.Shots(photos[..20]), default);
        Assert.Equal((20, 0), (staged.Added, staged.Duplicates));
        staged = await cluster.Set().StageValidation("v", [.. ToySets.Shots(photos[16..]), new("broken", 0, [1])], default);
        Assert.Equal((4, 4, 1), (staged.Added, staged.Duplicates, staged.Failed.Count));
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().StartFit(new FitRequest(FitKind.Shots, null, "other")));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().StartFit(new FitRequest(FitKind.Proxies, null, "v")));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().StageValidation("v", ToySets.Shots((9, "red", 1)), default));
        await cluster.Set().StartFit(new FitRequest(FitKind.Shots, preset, "v"));
        var fit = await Left(cluster.Set(), FitKind.Shots);
        Assert.True(fit.State == FitState.Published, fit.Reason);
        // All are right from the first epoch on: the first of the best ones is kept.
        Assert.Equal("LP++ of 2 shots in 2 classes, 1 epochs by 24 validation photos", fit.Reason);
        Assert.Equal(3, fit.Version);
        Assert.Equal(CascadeStage.Probe, (await cluster.Classify(ToyImages.Of("red", 99), 3)).Stage);
        // They told how sure the probe may be, and are gone.
        Assert.NotEqual("none", (await cluster.Set().Describe()).Serving["calibration"]);
        Assert.Equal(2, (await cluster.Set().ListShots()).Count);
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().StartFit(new FitRequest(FitKind.Shots, preset, "v")));
    }

    [Fact]
    public async Task A_preset_stands_in_for_the_policys()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green");
        await cluster.Classify(ToyImages.Of("red", 1));
        // The paper's gates refuse one photo, the seed knows none.
        Assert.Equal(FitState.Refused, (await cluster.Fit(FitKind.Proxies)).State);
        await cluster.Set().StartFit(new FitRequest(FitKind.Proxies, FitPreset.Seed));
        var fit = await Left(cluster.Set(), FitKind.Proxies);
        Assert.True(fit.State == FitState.Published, fit.Reason);
        Assert.Contains("no gates", fit.Reason);
    }

    private static async Task<FitStatus> Left(IClassSetGrain set, FitKind kind)
    {
        FitStatus status;
        do status = await set.WaitForFit(kind, TestContext.Current.CancellationToken);
        while (status.State.IsPending());
        return status;
    }

    /// <summary>A device that is busy with a batch until this is disposed, so that fits wait.</summary>
    private sealed class HeldDevice : IAsyncDisposable
    {
        private readonly ToyEncoder _encoder;
        private readonly Task _classifying;

        private HeldDevice(ToyEncoder encoder, Task classifying) => (_encoder, _classifying) = (encoder, classifying);

        public static async Task<HeldDevice> Hold(ToyCluster cluster)
        {
            var encoder = cluster.Encoder;
            while (encoder.Reached.CurrentCount > 0) await encoder.Reached.WaitAsync();
            encoder.Gate.Reset();
            var classifying = cluster.Classify(ToyImages.Of("red", 5000));
            await encoder.Reached.WaitAsync();
            return new HeldDevice(encoder, classifying);
        }

        public async ValueTask DisposeAsync()
        {
            _encoder.Gate.Set();
            // The silo that it asked may be gone.
            await _classifying.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
