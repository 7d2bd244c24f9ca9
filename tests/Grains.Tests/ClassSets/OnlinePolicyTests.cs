using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class OnlinePolicyTests
{
    [Fact(Timeout = 120_000)]
    public async Task Shots_and_traffic_are_learned_without_being_asked()
    {
        await using var cluster = await ToyCluster.Start(configure: options => options.RefitCheckInterval = TimeSpan.FromMilliseconds(20));
        await cluster.Create(null, "red", "green");
        await Traffic(cluster);
        var fitted = await Published(cluster, TestContext.Current.CancellationToken, description => description.Classes.All(c => c.Fitted));
        Assert.StartsWith("InMaP of 16 unlabelled images", fitted.Serving["proxies"]);

        await cluster.Set().AddShots(
            [.. Enumerable.Range(50, 4).Select(i => new Shot($"{i}", 0, ToyImages.Of("red", i)))], "shots", default);
        var probed = await Published(cluster, TestContext.Current.CancellationToken, description => description.Serving["probe"] != "not fitted");
        Assert.StartsWith("LP++ of 4 shots", probed.Serving["probe"]);
    }

    [Theory]
    [InlineData(ProxyPolicy.Frozen, "frozen")]
    [InlineData(ProxyPolicy.Off, "off")]
    public async Task A_policy_that_wants_no_fit_refuses_it_and_serves_text(ProxyPolicy proxies, string reason)
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(new ClassSetPolicy { Proxies = proxies }, "red", "green");
        await Traffic(cluster);
        var fit = await cluster.Fit(FitKind.Proxies);
        Assert.Equal(FitState.Refused, fit.State);
        Assert.Contains(reason, fit.Reason);
        Assert.Equal(CascadeStage.Text, (await cluster.Classify(ToyImages.Of("red", 3))).Stage);
    }

    [Fact]
    public async Task The_seeds_preset_fits_whatever_there_is()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(new ClassSetPolicy { InmapPreset = InmapPreset.Seed }, "red", "green", "blue");
        await cluster.Classify(ToyImages.Of("red", 1));
        var fit = await cluster.Fit(FitKind.Proxies);
        Assert.True(fit.State == FitState.Published, fit.Reason);
        Assert.Contains("no gates", (await cluster.Classify(ToyImages.Of("red", 1), fit.Version)).Stages[^1].Basis);
    }

    [Fact]
    public async Task Answers_below_the_sets_threshold_are_marked()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(new ClassSetPolicy { AbstainShare = 0.5 }, "red", "green");
        var shots = Enumerable.Range(0, 24).Select(i => new Shot($"{i}", i % 2, ToyImages.Of(i % 2 == 0 ? "red" : "green", i)));
        await cluster.Set().AddShots([.. shots], "shots", default);
        var fit = await cluster.Fit(FitKind.Shots);
        Assert.True(fit.State == FitState.Published, fit.Reason);
        Assert.Contains("cross-validation", fit.Reason);
        Assert.NotEqual("none", (await cluster.Set().Describe()).Serving["calibration"]);
        Assert.False((await cluster.Classify(ToyImages.Of("red", 0), fit.Version)).Abstained);
        // Between the two.
        Assert.True((await cluster.Classify(ToyImages.Of("yellow", 1), fit.Version)).Abstained);
    }

    [Fact]
    public async Task Gda_is_a_probe_too_and_settings_out_of_range_are_refused()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(new ClassSetPolicy { ProbePreset = ProbePreset.Gda }, "red", "green");
        var shots = Enumerable.Range(0, 8).Select(i => new Shot($"{i}", i % 2, ToyImages.Of(i % 2 == 0 ? "red" : "green", i)));
        await cluster.Set().AddShots([.. shots], "shots", default);
        var fit = await cluster.Fit(FitKind.Shots);
        Assert.Contains("GDA of 8 shots", fit.Reason);
        var answer = await cluster.Classify(ToyImages.Of("green", 50), fit.Version);
        Assert.Equal(("green", CascadeStage.Probe), (answer.Top[0].Name, answer.Stage));
        foreach (var policy in new[] { new ClassSetPolicy { AbstainShare = 2 }, new ClassSetPolicy { Gate = (GateRule)7 } })
            await Expect.Error(
                FewShotErrorCode.InvalidArgument,
                () => cluster.Set("other").Create(new ClassSetDefinition { Classes = [], Policy = policy }, "create", default));
    }

    private static async Task Traffic(ToyCluster cluster)
    {
        for (var i = 0; i < 8; i++)
        {
            await cluster.Classify(ToyImages.Of("red", i));
            await cluster.Classify(ToyImages.Of("green", i));
        }
    }

    /// <summary>The first version that is as expected; the test's own time limit ends a wait for one that never comes.</summary>
    private static async Task<ClassSetDescription> Published(
        ToyCluster cluster, CancellationToken cancellationToken, Func<ClassSetDescription, bool> isExpected)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var description = await cluster.Set().Describe();
            if (isExpected(description)) return description;
            await cluster.Set().WaitForNewer(description.Version, cancellationToken);
        }
    }
}
