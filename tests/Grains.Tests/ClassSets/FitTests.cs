using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class FitTests
{
    private static Shot[] Shots(params (int Class, string Colour, int Number)[] shots) => ToySets.Shots(shots);

    [Fact]
    public async Task Seen_classes_go_to_the_probe_and_the_family_to_the_refiner()
    {
        await using var cluster = await ToyCluster.Start();
        ClassDefinition[] classes = [new("red", Family: "warm"), new("yellow", Family: "warm"), new("blue"), new("green")];
        var definition = new ClassSetDefinition { Classes = classes, Policy = new() { RefinerFamily = "warm" } };
        await cluster.Set().Create(definition, "create", default);
        await cluster.Set().AddShots(
            Shots((0, "red", 1), (0, "red", 2), (1, "yellow", 1), (1, "yellow", 2), (2, "blue", 1), (2, "blue", 2)), "shots", default);
        var fit = await cluster.Fit(FitKind.Shots);
        Assert.True(fit.State == FitState.Published, fit.Reason);
        Assert.Equal(1, fit.Progress);

        var unseen = await cluster.Classify(ToyImages.Of("green", 9), fit.Version);
        Assert.Equal(("green", CascadeStage.Text), (unseen.Top[0].Name, unseen.Stage));
        var probed = await cluster.Classify(ToyImages.Of("blue", 9), fit.Version);
        Assert.Equal(("blue", CascadeStage.Probe), (probed.Top[0].Name, probed.Stage));
        var refined = await cluster.Classify(ToyImages.Of("yellow", 9), fit.Version);
        Assert.Equal(("yellow", CascadeStage.Refiner), (refined.Top[0].Name, refined.Stage));
        Assert.Equal(2, refined.Top.Count);
        var all = await cluster.Classify(ToyImages.Of("green", 9), fit.Version, ExplainMode.AllStages);
        Assert.Equal([CascadeStage.Text, CascadeStage.Probe, CascadeStage.Refiner], all.Stages.Select(stage => stage.Stage));
        Assert.Equal(CascadeStage.Text, all.Stage);
    }

    [Fact]
    public async Task InMaP_is_refused_on_a_small_pool_and_published_on_a_covering_one_without_shots()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green");
        var refused = await cluster.Fit(FitKind.Proxies);
        Assert.Equal(FitState.Refused, refused.State);
        Assert.Contains("16", refused.Reason);
        Assert.Equal(1, (await cluster.Set().Describe()).Version);

        await cluster.Set().AddShots(Shots((0, "red", 0)), "shots", default);
        for (var i = 0; i < 9; i++)
        {
            await cluster.Classify(ToyImages.Of("red", i), 2);
            await cluster.Classify(ToyImages.Of("green", i), 2);
        }
        var fit = await cluster.Fit(FitKind.Proxies);
        Assert.True(fit.State == FitState.Published, fit.Reason);
        // 18 photos were classified; the one that is also a shot is not unlabelled.
        Assert.Contains("17 unlabelled images", fit.Reason);
        var answer = await cluster.Classify(ToyImages.Of("green", 99), fit.Version);
        Assert.Equal(("green", CascadeStage.Proxies), (answer.Top[0].Name, answer.Stage));
        Assert.All((await cluster.Set().Describe()).Classes, c => Assert.True(c.Fitted));
    }

    [Fact]
    public async Task A_photo_that_is_not_to_be_learned_from_stays_out_of_the_pool()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green");
        await cluster.Classify(ToyImages.Of("red", 1));
        Assert.Equal(1, await Pooled());
        await cluster.Classify(ToyImages.Of("green", 1), learn: false);
        Assert.Equal(1, await Pooled());
        // The same photo as traffic: that it was seen before does not keep it out.
        await cluster.Classify(ToyImages.Of("green", 1));
        Assert.Equal(2, await Pooled());

        async Task<int> Pooled() => (await cluster.Slot(cluster.Device).ReadPool("colours", 0, 0, default)).Total;
    }

    [Fact]
    public async Task A_name_added_beside_fitted_proxies_wins_by_text_and_leaves_the_fitted_ones_in_place()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green");
        for (var i = 0; i < 8; i++)
        {
            await cluster.Classify(ToyImages.Of("red", i));
            await cluster.Classify(ToyImages.Of("green", i));
        }
        Assert.Equal(FitState.Published, (await cluster.Fit(FitKind.Proxies)).State);
        var added = await cluster.Set().AddClasses([new ClassDefinition("blue")], "add", default);
        var hot = await cluster.Classify(ToyImages.Of("blue", 1), added.Version);
        Assert.Equal(("blue", CascadeStage.Text), (hot.Top[0].Name, hot.Stage));
        var fitted = await cluster.Classify(ToyImages.Of("red", 1), added.Version);
        Assert.Equal(("red", CascadeStage.Proxies), (fitted.Top[0].Name, fitted.Stage));
        Assert.Equal("blue", fitted.Top[2].Name);
        Assert.Equal([true, true, false], (await cluster.Set().Describe()).Classes.Select(c => c.Fitted));
    }

    [Theory]
    [InlineData(true, "LP++ of 2 shots in 2 classes")]
    [InlineData(false, "LP++ of 3 shots in 2 classes")]
    public async Task A_fit_on_an_older_version_is_merged_unless_its_classes_changed_then_it_begins_anew(bool nameInsteadOfShot, string basis)
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green");
        await cluster.Set().AddShots(Shots((0, "red", 1), (1, "green", 1)), "shots", default);
        // What the writes below need is cached, so they do not wait for the device.
        await cluster.Classify(ToyImages.Of("red", 2));
        await cluster.Slot(cluster.Device).EncodeTexts(new[] { "a photo of a blue." }, WorkOrigin.Writes, default);
        var (set, encoder) = (cluster.Set(), cluster.Encoder);
        while (encoder.Reached.CurrentCount > 0) await encoder.Reached.WaitAsync();
        encoder.Gate.Reset();
        var held = cluster.Classify(ToyImages.Of("red", 50));
        await encoder.Reached.WaitAsync();

        Assert.Equal(FitState.Running, (await set.StartFit(FitKind.Shots)).State);
        Assert.Equal(FitState.Running, (await set.StartFit(FitKind.Shots)).State);
        if (nameInsteadOfShot) await set.AddClasses([new ClassDefinition("blue")], "add", default);
        else await set.AddShots(Shots((0, "red", 2)), "more", default);
        encoder.Gate.Set();
        await held;
        FitStatus status;
        do status = await set.WaitForFit(FitKind.Shots, default);
        while (status.State.IsPending());

        Assert.Equal((FitState.Published, 4), (status.State, status.Version));
        Assert.StartsWith(basis, status.Reason);
    }

    [Fact]
    public async Task A_fit_without_shots_says_so()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red");
        Assert.Equal(FitState.None, (await cluster.Set().WaitForFit(FitKind.Shots, default)).State);
        var fit = await cluster.Fit(FitKind.Shots);
        Assert.Equal(FitState.Refused, fit.State);
        Assert.Contains("shots", fit.Reason);
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().StartFit((FitKind)9));
    }
}
