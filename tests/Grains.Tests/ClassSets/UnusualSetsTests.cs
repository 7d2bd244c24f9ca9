using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace FewShotCluster.Grains.Tests.ClassSets;

/// <summary>Definitions that no node can serve are refused when they are made, not when they are used.</summary>
public sealed class UnusualSetsTests
{
    [Fact]
    public async Task A_refiner_family_needs_a_refiner_model()
    {
        await using var cluster = await ToyCluster.Start(models: _ => new ToyModels { Refiner = null });
        var failure = await Expect.Error(FewShotErrorCode.ModelUnavailable, () => cluster.Create(new() { RefinerFamily = "warm" }, "red"));
        Assert.Contains("warm", failure.Message);
        Assert.Equal(1, (await cluster.Create(null, "red")).Version);
    }

    [Fact]
    public async Task A_refiner_family_means_the_same_with_blanks_around_it()
    {
        await using var cluster = await ToyCluster.Start();
        ClassDefinition[] classes = [new("red", Family: "warm "), new("yellow", Family: " warm")];
        await cluster.Set().Create(new() { Classes = classes, Policy = new() { RefinerFamily = " warm " } }, "create", default);
        await cluster.Set().AddShots(
            new Shot[] { new("r", 0, ToyImages.Of("red", 1)), new("y", 1, ToyImages.Of("yellow", 1)) }, "shots", default);
        Assert.Equal(FitState.Published, (await cluster.Fit(FitKind.Shots)).State);
        Assert.Equal(CascadeStage.Refiner, (await cluster.Classify(ToyImages.Of("red", 9), 3)).Stage);
    }

    [Fact]
    public async Task Shares_that_vanish_beside_their_sum_are_refused()
    {
        await using var cluster = await ToyCluster.Start(models: _ => new ToyModels { Second = new("other", "digest-of-other") });
        var shares = new Dictionary<string, double> { ["toy"] = 1e308, ["other"] = 1e308 };
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Create(new() { ProxyFusion = shares }, "red"));
    }

    [Fact]
    public async Task A_long_name_is_refused_however_short_the_limit_is()
    {
        await using var cluster = await ToyCluster.Start(configure: options => options.MaxNameLength = 8);
        await Expect.Error(FewShotErrorCode.LimitExceeded, () => cluster.Create(null, "nine chars"));
    }

    [Fact]
    public async Task Names_that_no_text_form_can_carry_are_refused()
    {
        await using var cluster = await ToyCluster.Start();
        var rules = new Grains.ClassSets.ClassSetRules(new());
        Assert.Throws<FewShotException>(() => rules.NewClasses([new ClassDefinition("half \uD83D of a fox")], [], []));
        var whole = rules.NewClasses([new ClassDefinition(" \U0001F98A \u67F4\u72AC ")], [], []);
        Assert.Equal("\U0001F98A \u67F4\u72AC", Assert.Single(whole).Name);
    }

    [Fact]
    public async Task Templates_whose_features_cancel_out_are_refused_instead_of_published_as_NaN()
    {
        await using var cluster = await ToyCluster.Start();
        cluster.Encoder.Text = text => text.StartsWith('x') ? [1, 0, 0, 0] : [-1, 0, 0, 0];
        await Expect.Error(
            FewShotErrorCode.InvalidArgument, () => cluster.Create(new() { PromptTemplates = new[] { "x {}", "y {}" } }, "red"));
    }

    [Fact]
    public async Task Asking_for_a_set_that_is_being_created_is_answered_and_does_not_disturb()
    {
        await using var cluster = await ToyCluster.Start();
        using var gate = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Encoder.Text = text =>
        {
            reached.TrySetResult();
            gate.Wait();
            return ToyColours.OfText(text);
        };
        var create = cluster.Create(null, "red");
        try
        {
            await reached.Task;
            for (var i = 0; i < 2; i++)
                await Expect.Error(
                    FewShotErrorCode.ClassSetNotFound, () => cluster.Set().Describe().WaitAsync(TimeSpan.FromSeconds(15)));
        }
        finally
        {
            gate.Set();
        }
        Assert.Equal(1, (await create).Version);
        Assert.Equal(1, (await cluster.Set().Describe()).Version);
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_is_said_to_be_the_cause()
    {
        await using var cluster = await ToyCluster.Start();
        cluster.Store.RefusesReads = true;
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => cluster.Set().Describe());
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => cluster.Classify(ToyImages.Of("red")));
        cluster.Store.RefusesReads = false;
        Assert.Equal(1, (await cluster.Create(null, "red")).Version);
    }

    [Fact]
    public async Task Ids_that_nobody_created_take_no_memory_whatever_failed()
    {
        await using var cluster = await ToyCluster.Start();
        var snapshots = cluster.Services.GetRequiredService<Grains.ClassSets.SnapshotCache>();
        cluster.Store.RefusesReads = true;
        await Expect.Error(FewShotErrorCode.StorageUnavailable, () => cluster.Classify(ToyImages.Of("red")));
        Assert.Equal(0, snapshots.Known);
        cluster.Store.RefusesReads = false;
        await cluster.Create(null, "red");
        await cluster.Classify(ToyImages.Of("red"));
        Assert.Equal((1, 1), (snapshots.Known, snapshots.Watched));
    }
}
