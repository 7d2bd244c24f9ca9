using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class ClassSetGrainTests
{
    [Fact]
    public async Task A_created_set_classifies_by_text()
    {
        await using var cluster = await ToyCluster.Start();
        var created = await cluster.Create(null, "red", "green", "blue");
        var answer = await cluster.Classify(ToyImages.Of("green"), created.Version);
        Assert.Equal("green", answer.Top[0].Name);
        Assert.Equal(1, answer.Top[0].Id);
        Assert.Equal(CascadeStage.Text, answer.Stage);
        Assert.Equal(created.Version, answer.Version);
        Assert.Equal(3, answer.Top.Count);
        Assert.Equal(1, answer.Top.Sum(c => c.Probability), 6);
        Assert.False(answer.CacheHit);
        Assert.Equal("digest-of-toy", answer.Encoders["toy"]);
        Assert.True((await cluster.Classify(ToyImages.Of("green"))).CacheHit);
    }

    [Fact]
    public async Task A_name_added_is_answered_at_the_version_that_added_it()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green");
        Assert.NotEqual("blue", (await cluster.Classify(ToyImages.Of("blue"))).Top[0].Name);
        var added = await cluster.Set().AddClasses([new ClassDefinition("blue", Id: 77)], "add", default);
        var answer = await cluster.Classify(ToyImages.Of("blue"), added.Version);
        Assert.Equal(("blue", 77), (answer.Top[0].Name, answer.Top[0].Id));
        await Expect.Error(FewShotErrorCode.VersionNotReached, () => cluster.Classify(ToyImages.Of("blue"), added.Version + 1));
    }

    [Fact]
    public async Task A_repeated_operation_is_done_once_and_another_payload_is_a_conflict()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red");
        Assert.Equal(1, (await cluster.Create(null, "red")).Version);
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Create(null, "green"));
        var first = await cluster.Set().AddClasses([new ClassDefinition("green")], "op", default);
        var again = await cluster.Set().AddClasses([new ClassDefinition("green")], "op", default);
        Assert.Equal(first, again);
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().AddClasses([new ClassDefinition("blue")], "op", default));
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().AddClasses([new ClassDefinition("green")], "other", default));
        Shot[] shots = [new("a.bmp", 0, ToyImages.Of("red"))];
        var added = await cluster.Set().AddShots(shots, "shots", default);
        Assert.Equivalent(added, await cluster.Set().AddShots(shots, "shots", default));
        Assert.Equal(3, (await cluster.Set().Describe()).Version);
    }

    [Fact]
    public async Task Wrong_definitions_are_refused_with_their_code()
    {
        await using var cluster = await ToyCluster.Start(configure: options => options.MaxClasses = 3);
        foreach (var name in new[] { "", "  ", "a\tb" })
            await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Create(null, name));
        await Expect.Error(FewShotErrorCode.LimitExceeded, () => cluster.Create(null, new string('x', 300)));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Create(null, "red", " red "));
        await Expect.Error(FewShotErrorCode.LimitExceeded, () => cluster.Create(null, "a", "b", "c", "d"));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Create(new() { PromptTemplates = new[] { "no name" } }, "red"));
        var unknown = new ClassSetPolicy { ProxyFusion = new Dictionary<string, double> { ["vit"] = 1 } };
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Create(unknown, "red"));
        ClassDefinition[] sameId = [new("red", 1), new("green", 1)];
        await Expect.Error(
            FewShotErrorCode.InvalidArgument, () => cluster.Set().Create(new ClassSetDefinition { Classes = sameId }, "op", default));
        await Expect.Error(FewShotErrorCode.ClassSetNotFound, () => cluster.Set().Describe());
    }

    [Fact]
    public async Task Unknown_sets_are_not_found_and_not_watched()
    {
        await using var cluster = await ToyCluster.Start();
        await Expect.Error(FewShotErrorCode.ClassSetNotFound, () => cluster.Classify(ToyImages.Of("red")));
        await Expect.Error(FewShotErrorCode.ClassSetNotFound, () => cluster.Set().AddClasses([new ClassDefinition("red")], "op", default));
        var snapshots = (Grains.ClassSets.SnapshotCache)cluster.Services.GetService(typeof(Grains.ClassSets.SnapshotCache))!;
        Assert.Equal(0, snapshots.Watched);
        await cluster.Create(null, "red");
        Assert.Equal("red", (await cluster.Classify(ToyImages.Of("red"))).Top[0].Name);
        Assert.Equal(1, snapshots.Watched);
    }

    [Fact]
    public async Task An_empty_set_says_what_to_do()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create();
        var failure = await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Classify(ToyImages.Of("red")));
        Assert.Contains("add names", failure.Message);
        await cluster.Set().AddClasses([new ClassDefinition("red")], "add", default);
        Assert.Equal("red", (await cluster.Classify(ToyImages.Of("red"), 2)).Top[0].Name);
    }

    [Fact]
    public async Task Shots_that_cannot_be_read_are_listed_and_the_rest_is_added()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green");
        var result = await cluster.Set().AddShots(
            new Shot[]
            {
                new("good.bmp", 0, ToyImages.Of("red")),
                new("same.bmp", 0, ToyImages.Of("red")),
                new("broken.bmp", 1, [1, 2, 3]),
            },
            "shots",
            default);
        Assert.Equal((2, 1, 1), (result.Version, result.Added, result.Duplicates));
        var failed = Assert.Single(result.Failed);
        Assert.Equal(("broken.bmp", FewShotErrorCode.InvalidImage), (failed.Source, failed.Code));
        var described = await cluster.Set().Describe();
        Assert.Equal([1, 0], described.Classes.Select(c => c.Shots));
        await Expect.Error(
            FewShotErrorCode.InvalidArgument,
            () => cluster.Set().AddShots(new Shot[] { new("x", 9, ToyImages.Of("red")) }, "unknown", default));
    }

    [Fact]
    public async Task A_write_that_the_store_refused_is_not_visible_and_can_be_repeated()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red");
        cluster.Store.Refuses = true;
        await Expect.Error(
            FewShotErrorCode.StorageUnavailable, () => cluster.Set().AddClasses([new ClassDefinition("green")], "op", default));
        Assert.Equal(1, (await cluster.Set().Describe()).Version);
        Assert.Equal("red", (await cluster.Classify(ToyImages.Of("green"))).Top[0].Name);
        cluster.Store.Refuses = false;
        Assert.Equal(2, (await cluster.Set().AddClasses([new ClassDefinition("green")], "op", default)).Version);
        Assert.Equal("green", (await cluster.Classify(ToyImages.Of("green"), 2)).Top[0].Name);
    }

    [Fact]
    public async Task A_restart_gives_the_same_version_and_the_same_answers()
    {
        var folder = Directory.CreateTempSubdirectory("fewshot-restart-");
        ClassificationAnswer before;
        await using (var cluster = await ToyCluster.Start(folder.FullName))
        {
            await cluster.Create(null, "red", "green", "blue");
            Shot[] shots = [new("r", 0, ToyImages.Of("red")), new("g", 1, ToyImages.Of("green"))];
            await cluster.Set().AddShots(shots, "shots", default);
            Assert.Equal(FitState.Published, (await cluster.Fit(FitKind.Shots)).State);
            before = await cluster.Classify(ToyImages.Of("red", 5), 3, ExplainMode.AllStages);
        }
        await using (var cluster = await ToyCluster.Start(folder.FullName))
        {
            var after = await cluster.Classify(ToyImages.Of("red", 5), 3, ExplainMode.AllStages);
            Assert.Equal(before.Version, after.Version);
            Assert.Equal(CascadeStage.Probe, after.Stage);
            Assert.Equal(before.Top, after.Top);
            Assert.Equal(2, (await cluster.Set().AddClasses([new ClassDefinition("x")], "create2", default)).Version - 2);
            Assert.Equal(1, (await cluster.Create(null, "red", "green", "blue")).Version);
        }
        folder.Delete(true);
    }
}
