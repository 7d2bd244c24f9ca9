using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.ClassSets;
using FewShotCluster.Grains.ClassSets.Fits;
using FewShotCluster.Grains.Storage;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class HistoryTests
{
    [Fact]
    public async Task A_rollback_is_the_next_version_with_the_content_of_the_old_one()
    {
        await using var cluster = await ToyCluster.Start();
        var fitted = await ToySets.Fitted(cluster);
        var follower = new SnapshotFollower(cluster.Set());
        var then = await follower.Whole();
        await cluster.Set().RemoveClasses(["yellow", "blue"], "remove", default);
        await cluster.Set().AddClasses([new ClassDefinition("cyan")], "add", default);
        var back = await cluster.Set().Rollback(fitted, "back", default);
        Assert.Equal(fitted + 3, back.Version);
        Assert.Equal(back, await cluster.Set().Rollback(fitted, "back", default));
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().Rollback(1, "back", default));
        var now = await follower.Whole();
        Assert.Equal(then.Digest, now.Digest);
        SnapshotFollower.AssertSame(then with { Version = now.Version }, now);
        var answer = await cluster.Classify(ToyImages.Of("yellow", 9), back.Version);
        Assert.Equal(("yellow", CascadeStage.Refiner), (answer.Top[0].Name, answer.Stage));
        // The shots came back too; the ids that the rollback took away stay away.
        Assert.Equal(6, (await cluster.Set().ListShots()).Count);
        Assert.Equal(FitState.Published, (await cluster.Fit(FitKind.Shots)).State);
        await cluster.Set().AddClasses([new ClassDefinition("magenta")], "more", default);
        Assert.Equal(5, (await cluster.Set().Describe()).Classes[^1].Id);
        await Expect.Error(FewShotErrorCode.VersionNotReached, () => cluster.Set().Rollback(99, "future", default));
        await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().Rollback(back.Version + 2, "present", default));
    }

    [Fact]
    public async Task The_history_is_gapless_and_tells_what_happened()
    {
        await using var cluster = await ToyCluster.Start(configure: options => options.KeptVersions = 4);
        await ToySets.Fitted(cluster);
        await cluster.Set().RemoveClasses(["yellow", "blue"], "remove", default);
        await cluster.Set().AddClasses([new ClassDefinition("cyan")], "add", default);
        await cluster.Set().RenameClass("cyan", "magenta", null, "rename", default);
        var history = await cluster.Set().GetHistory();
        Assert.Equal([3, 4, 5, 6], history.Select(v => v.Version));
        Assert.StartsWith("fit of Shots: GDA", history[0].Operation);
        Assert.Equal(("2 names removed", "yellow,blue", 2), (history[1].Operation, string.Join(',', history[1].Removed), history[1].RemovedCount));
        Assert.Equal(("1 names added", "cyan", 1), (history[2].Operation, string.Join(',', history[2].Added), history[2].AddedCount));
        Assert.Equal(("'cyan' renamed to 'magenta'", "magenta", "cyan"), (history[3].Operation, history[3].Added[0], history[3].Removed[0]));
        var failure = await Expect.Error(FewShotErrorCode.InvalidArgument, () => cluster.Set().Rollback(2, "old", default));
        Assert.Contains("from 3 on", failure.Message);
        Assert.Equal(7, (await cluster.Set().Rollback(3, "kept", default)).Version);
    }

    [Fact]
    public async Task An_expected_version_that_is_not_the_published_one_is_a_conflict_that_tells_it()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Set().Create(new ClassSetDefinition { Classes = [new("red"), new("green")] }, new WriteOperation("create", 0), default);
        WriteOperation Stale(string id) => new(id, 7);
        var failures = new[]
        {
            await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().AddClasses([new("blue")], Stale("a"), default)),
            await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().RemoveClasses(["red"], Stale("b"), default)),
            await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().RenameClass("red", "blue", null, Stale("c"), default)),
            await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().AddShots(ToySets.Shots((0, "red", 1)), Stale("d"), default)),
            await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().RemoveShots(ShotSelection.OfClasses(0), Stale("e"), default)),
            await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().MoveShots([new ShotMove(default, 1)], Stale("f"), default)),
            await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().Rollback(1, Stale("g"), default)),
            await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().Delete(Stale("h"), default)),
        };
        Assert.All(failures, failure => Assert.Contains("at version 1, 7 was expected", failure.Message));
        await Expect.Error(
            FewShotErrorCode.Conflict, () => cluster.Set("new").Create(new ClassSetDefinition { Classes = [] }, new WriteOperation("x", 3), default));
        await Expect.Error(
            FewShotErrorCode.InvalidArgument, () => cluster.Set().Delete(new WriteOperation("i", -1), default));
        Assert.Equal(1, (await cluster.Set().Describe()).Version);
        var added = new WriteOperation("j", 1);
        Assert.Equal(2, (await cluster.Set().AddClasses([new("blue")], added, default)).Version);
        // The repetition of what was done is no new write on an old version.
        Assert.Equal(2, (await cluster.Set().AddClasses([new("blue")], added, default)).Version);
    }

    /// <summary>Random states over shared and own blocks: every kept version can be read, and nothing else is in the store.</summary>
    [Fact]
    public async Task Blocks_stay_as_long_as_a_kept_version_needs_them_and_no_longer()
    {
        var folder = Directory.CreateTempSubdirectory("fewshot-history-");
        await using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var store = new SqliteClassSetStore(folder.FullName, new HeadCodec(services.GetRequiredService<Serializer<ClassSetHead>>()));
        var repository = new ClassSetRepository(
            store, services.GetRequiredService<Serializer<ClassSetState>>(), services.GetRequiredService<Serializer<PendingFits>>());
        var random = new Random(5);
        var (stored, states) = ((StoredSet?)null, new Dictionary<long, ClassSetState>());
        for (var version = 1; version <= 40; version++)
        {
            var blocks = new List<Block>();
            // Few different contents: they come, go, and come back.
            var text = StoredBytes.New(Enumerable.Repeat((byte)random.Next(4), 8).ToArray(), blocks);
            var weights = StoredBytes.New(Enumerable.Repeat((byte)random.Next(100, 104), MatrixBytes.BlockBytes + 8).ToArray(), blocks);
            var next = new ClassSetState
            {
                ClassSetId = "set",
                Version = version,
                Policy = new(),
                Classes = [],
                Encoders = [new EncoderState { Info = new("toy", "d", 2, 1, 8), ProxyShare = 1, ProbeShare = 1, TextProxies = text, Proxies = weights }],
            };
            next = next with
            {
                History = VersionHistory.Append(stored?.State, stored?.Address, next, "test", DateTimeOffset.UnixEpoch.AddSeconds(version), 5),
            };
            stored = await repository.Save(next, PendingFits.None, version - 1, blocks);
            states[version] = next;
            foreach (var entry in stored.State.History[..^1])
            {
                var old = await repository.LoadState(entry.State!, default);
                var expected = states[entry.Told.Version];
                Assert.Equal(expected.Version, old.Version);
                Assert.Equal(expected.Encoders[0].TextProxies.Bytes!.ToArray(), old.Encoders[0].TextProxies.Bytes!.ToArray());
                Assert.Equal(expected.Encoders[0].Proxies.Bytes!.ToArray(), old.Encoders[0].Proxies.Bytes!.ToArray());
            }
            var needed = stored.State.History.Select(entry => states[entry.Told.Version].Stored.SelectMany(s => s.Payload.Blocks))
                .SelectMany(keys => keys).Concat(stored.State.History.SelectMany(entry => (entry.State ?? stored.Address).Blocks)).Distinct();
            Assert.Equal(needed.Count(), Count(folder.FullName));
        }
        Assert.Equal([36, 37, 38, 39, 40], stored!.State.History.Select(entry => entry.Told.Version));
        SqliteConnection.ClearAllPools();
        folder.Delete(true);
    }

    private static int Count(string folder)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, SqliteClassSetStore.FileName)}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM blocks";
        return (int)(long)command.ExecuteScalar()!;
    }
}
