using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class SnapshotDeltaTests
{
    /// <summary>Random operations; three copies that look every time, now and then, and seldom end up with what a fresh one gets.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Steps_lead_to_the_very_snapshot_whatever_happened(int seed)
    {
        await using var cluster = await ToyCluster.Start();
        await ToySets.Fitted(cluster);
        for (var i = 0; i < 8; i++)
            foreach (var colour in new[] { "red", "yellow", "blue", "green" }) await cluster.Classify(ToyImages.Of(colour, 100 + i));
        var (set, random) = (cluster.Set(), new Random(seed));
        SnapshotFollower[] followers = [new(set), new(set), new(set)];
        foreach (var follower in followers) await follower.Follow();
        for (var operation = 0; operation < 40; operation++)
        {
            await Random(cluster, random, $"op {operation}", operation);
            await followers[0].Follow();
            if (random.Next(3) == 0) await followers[1].Follow();
            if (random.Next(12) == 0) await followers[2].Follow();
            SnapshotFollower.AssertSame(await followers[0].Whole(), followers[0].Have!);
        }
        foreach (var follower in followers)
        {
            await follower.Follow();
            SnapshotFollower.AssertSame(await follower.Whole(), follower.Have!);
        }
        Assert.True(followers[0].Came.Steps > 20, $"{followers[0].Came}");
    }

    [Fact]
    public async Task An_added_name_travels_as_its_vectors_and_an_unknown_version_gets_the_whole()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Set().Create(
            new ClassSetDefinition { Classes = [.. Enumerable.Range(0, 500).Select(i => new ClassDefinition($"class {i}"))] }, "create", default);
        for (var i = 0; i < 3; i++) await cluster.Set().AddClasses([new ClassDefinition($"more {i}")], $"add {i}", default);
        var update = (await cluster.Set().GetIfNewer(2))!;
        Assert.Null(update.Full);
        Assert.Equal([2, 3], update.Steps.Select(step => step.From));
        Assert.All(update.Steps, step =>
        {
            Assert.Single(step.NewClasses);
            Assert.Equal(4 * sizeof(float), step.Encoders[0][0].Literals.Length);
            Assert.True(step.Size < 200, $"{step.Size}");
        });
        Assert.Null(await cluster.Set().GetIfNewer(4));
        Assert.Null(await cluster.Set().GetIfNewer(9));
        Assert.NotNull((await cluster.Set().GetIfNewer(0))!.Full);
    }

    [Fact]
    public async Task A_step_of_another_version_is_refused()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red", "green", "blue");
        var first = await new SnapshotFollower(cluster.Set()).Whole();
        await cluster.Set().AddClasses([new("cyan")], "a", default);
        await cluster.Set().AddClasses([new("magenta")], "b", default);
        var steps = (await cluster.Set().GetIfNewer(1))!.Steps;
        var failure = Assert.Throws<FewShotException>(() => SnapshotDeltas.Apply(first, steps[1]));
        Assert.Equal(FewShotErrorCode.Internal, failure.Code);
    }

    private static async Task Random(ToyCluster cluster, Random random, string operation, int number)
    {
        var set = cluster.Set();
        var described = await set.Describe();
        var classes = described.Classes;
        ClassDescription Any() => classes[random.Next(classes.Count)];
        try
        {
            switch (random.Next(9))
            {
                case 0 or 1:
                    await set.AddClasses([.. Enumerable.Range(0, 1 + random.Next(3)).Select(i => new ClassDefinition($"name {number} {i}"))], operation, default);
                    break;
                case 2 when classes.Count > 3:
                    await set.RemoveClasses([Any().Name], operation, default);
                    break;
                case 3:
                    await set.AddShots([new Shot("s", Any().Id, ToyImages.Of("cyan", number))], operation, default);
                    break;
                case 4 when described.Classes.Any(c => c.Shots > 0):
                    var shots = await set.ListShots();
                    await set.RemoveShots(ShotSelection.OfKeys(shots[random.Next(shots.Count)].Key), operation, default);
                    break;
                case 5:
                    await set.RenameClass(Any().Name, $"renamed {number}", null, operation, default);
                    break;
                case 6:
                    var history = await set.GetHistory();
                    await set.Rollback(history[random.Next(history.Count)].Version, operation, default);
                    break;
                case 7:
                    await cluster.Fit(FitKind.Shots);
                    break;
                default:
                    await cluster.Fit(FitKind.Proxies);
                    break;
            }
        }
        catch (FewShotException e) when (e.Code == FewShotErrorCode.InvalidArgument)
        {
            // To the version that is published, for one: nothing happened.
        }
    }
}
