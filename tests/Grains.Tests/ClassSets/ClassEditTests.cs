using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class ClassEditTests
{
    [Fact]
    public async Task Removed_classes_vanish_from_every_stage_at_once_and_the_others_keep_what_was_fitted()
    {
        await using var cluster = await ToyCluster.Start();
        var fitted = await ToySets.Fitted(cluster);
        var before = await cluster.Classify(ToyImages.Of("yellow", 9), fitted, ExplainMode.AllStages);
        Assert.Equal(CascadeStage.Refiner, before.Stage);

        // red was first: every other position moves.
        var removed = await cluster.Set().RemoveClasses(["red"], "remove", default);
        Assert.Equal(fitted + 1, removed.Version);
        var answer = await cluster.Classify(ToyImages.Of("red", 1), removed.Version, ExplainMode.AllStages);
        Assert.DoesNotContain(answer.Stages.SelectMany(stage => stage.Top), c => c.Name == "red");
        // One class of the family is left: there is nothing to refine between, and the probe that was fitted answers.
        var yellow = await cluster.Classify(ToyImages.Of("yellow", 9), removed.Version);
        Assert.Equal(("yellow", 1, CascadeStage.Probe), (yellow.Top[0].Name, yellow.Top[0].Id, yellow.Stage));
        var blue = await cluster.Classify(ToyImages.Of("blue", 9), removed.Version);
        Assert.Equal(("blue", 2, CascadeStage.Probe), (blue.Top[0].Name, blue.Top[0].Id, blue.Stage));
        Assert.Equal(4, (await cluster.Set().ListShots()).Count);
        var described = await cluster.Set().Describe();
        Assert.Equal([(1, 2), (2, 2), (3, 0)], described.Classes.Select(c => (c.Id, c.Shots)));
        Assert.StartsWith("LP++ of 4 shots, 2 classes", described.Serving["probe"]);
    }

    [Fact]
    public async Task Proxies_of_the_others_stay_fitted()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green", "blue");
        for (var i = 0; i < 8; i++)
            foreach (var colour in new[] { "red", "green", "blue" }) await cluster.Classify(ToyImages.Of(colour, i));
        var fit = await cluster.Fit(FitKind.Proxies);
        Assert.True(fit.State == FitState.Published, fit.Reason);
        var before = await new SnapshotFollower(cluster.Set()).Whole();
        await cluster.Set().RemoveClasses(["green"], "remove", default);
        var after = await new SnapshotFollower(cluster.Set()).Whole();
        var (old, cut) = (before.Encoders[0], after.Encoders[0]);
        Assert.Equal([0, 1], cut.FittedClasses);
        var row = old.Dimension * sizeof(float);
        Assert.Equal([.. old.Proxies.Span[..row], .. old.Proxies.Span[(2 * row)..]], cut.Proxies.ToArray());
        Assert.Equal([.. old.TextProxies.Span[..row], .. old.TextProxies.Span[(2 * row)..]], cut.TextProxies.ToArray());
        Assert.Equal(CascadeStage.Proxies, (await cluster.Classify(ToyImages.Of("blue", 50), after.Version)).Stage);
        await cluster.Set().RemoveClasses(["red", "blue"], "all", default);
        Assert.Contains("removed", (await cluster.Set().Describe()).Serving["proxies"]);
    }

    [Fact]
    public async Task Removal_is_all_or_nothing_and_done_once()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green", "blue");
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().RemoveClasses(["red", "nobody"], "a", default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().RemoveClasses(["red", "red"], "b", default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().RemoveClasses([], "c", default));
        Assert.Equal(1, (await cluster.Set().Describe()).Version);
        var first = await cluster.Set().RemoveClasses(["red", "blue"], "op", default);
        Assert.Equal(first, await cluster.Set().RemoveClasses(["red", "blue"], "op", default));
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().RemoveClasses(["green"], "op", default));
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().AddClasses([new ClassDefinition("red")], "op", default));
        Assert.Equal("green", Assert.Single((await cluster.Set().Describe()).Classes).Name);
    }

    [Fact]
    public async Task A_removed_id_is_not_given_again_but_its_name_may_come_back()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green", "blue");
        await cluster.Set().RemoveClasses(["green"], "remove", default);
        var failure = await Expect.Error(
            FewShotErrorCode.Conflict, () => cluster.Set().AddClasses([new ClassDefinition("cyan", Id: 1)], "one", default));
        Assert.Contains("1", failure.Message);
        await cluster.Set().AddClasses([new ClassDefinition("green"), new ClassDefinition("cyan")], "two", default);
        Assert.Equal([(0, "red"), (2, "blue"), (3, "green"), (4, "cyan")], (await cluster.Set().Describe()).Classes.Select(c => (c.Id, c.Name)));
        var answer = await cluster.Classify(ToyImages.Of("green", 1), 3);
        Assert.Equal((3, "green"), (answer.Top[0].Id, answer.Top[0].Name));
    }

    [Fact]
    public async Task A_renamed_class_keeps_id_and_shots_and_is_known_by_its_new_text()
    {
        await using var cluster = await ToyCluster.Start();
        var fitted = await ToySets.Fitted(cluster);
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().RenameClass("green", "blue", null, "a", default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().RenameClass("nobody", "cyan", null, "b", default));
        var renamed = await cluster.Set().RenameClass("green", "cyan", null, "c", default);
        Assert.Equal(renamed, await cluster.Set().RenameClass("green", "cyan", null, "c", default));
        var answer = await cluster.Classify(ToyImages.Of("cyan", 9), renamed.Version);
        Assert.Equal((3, "cyan"), (answer.Top[0].Id, answer.Top[0].Name));
        // A class with shots loses its probe, which was fitted to the old text, until the next fit.
        var blue = await cluster.Set().RenameClass("blue", "magenta", "a photo of a blue thing", "d", default);
        var text = await cluster.Classify(ToyImages.Of("blue", 9), blue.Version);
        Assert.Equal((2, "magenta", CascadeStage.Text), (text.Top[0].Id, text.Top[0].Name, text.Stage));
        Assert.Equal(2, (await cluster.Set().Describe()).Classes[2].Shots);
        var fit = await cluster.Fit(FitKind.Shots);
        Assert.Equal(CascadeStage.Probe, (await cluster.Classify(ToyImages.Of("blue", 9), fit.Version)).Stage);
        Assert.True(fit.Version > fitted);
    }

    [Fact]
    public async Task Quotas_are_told_by_their_option()
    {
        await using var cluster = await ToyCluster.Start(configure: options =>
            (options.MaxClassSets, options.MaxShots, options.MaxShotsPerClass, options.MaxClasses, options.MaxNameLength) = (1, 3, 2, 3, 20));
        await cluster.Create(null, "red", "green");
        await Exceeds("MaxClassSets", () => cluster.Set("other").Create(new ClassSetDefinition { Classes = [] }, "create", default));
        await Exceeds("MaxClasses", () => cluster.Set().AddClasses([new("a"), new("b")], "a", default));
        await Exceeds("MaxNameLength", () => cluster.Set().AddClasses([new("a name of 21 letters.")], "b", default));
        await Exceeds("MaxShotsPerClass", () => Add("c", (0, "red", 1), (0, "red", 2), (0, "red", 3)));
        await Exceeds("MaxShots", () => Add("d", (0, "red", 1), (0, "red", 2), (1, "red", 3), (1, "red", 4)));
        await Add("e", (0, "red", 1), (0, "red", 2), (1, "green", 1));
        await Exceeds("MaxShotsPerClass", () => cluster.Set().MoveShots([new ShotMove(ToySets.Key("green", 1), 0)], "f", default));
        Assert.Equal(2, (await cluster.Set().Describe()).Version);

        Task<AddShotsResult> Add(string operation, params (int, string, int)[] shots) =>
            cluster.Set().AddShots(ToySets.Shots(shots), operation, default);

        static async Task Exceeds(string option, Func<Task> act) =>
            Assert.Contains(option, (await Expect.Error(FewShotErrorCode.LimitExceeded, act)).Message);
    }

    [Fact]
    public async Task A_deleted_set_is_gone_everywhere_and_its_versions_go_on()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green");
        Assert.Equal("red", (await cluster.Classify(ToyImages.Of("red"))).Top[0].Name);
        var deleted = await cluster.Set().Delete("delete", default);
        Assert.Equal(2, deleted.Version);
        Assert.Equal(deleted, await cluster.Set().Delete("delete", default));
        await Expect.Error(FewShotErrorCode.ClassSetNotFound, () => cluster.Set().Delete("again", default));
        await Expect.Error(FewShotErrorCode.ClassSetNotFound, () => cluster.Set().Describe());
        await Expect.Error(FewShotErrorCode.ClassSetNotFound, () => cluster.Set().AddClasses([new("x")], "x", default));
        Assert.Empty(await cluster.Grains.GetGrain<IClassSetCatalogGrain>(0).List(default));
        // A new set under the id is no older version of it, whatever a silo still holds.
        var again = await cluster.Set().Create(new ClassSetDefinition { Classes = [new("blue")] }, "new", default);
        Assert.Equal(3, again.Version);
        var answer = await cluster.Classify(ToyImages.Of("red"), again.Version);
        Assert.Equal(["blue"], answer.Top.Select(c => c.Name));
        Assert.Equal(0, answer.Top[0].Id);
        Assert.Equal([3], (await cluster.Set().GetHistory()).Select(v => v.Version));
    }
}
