using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.ClassSets;

public sealed class OperationTests
{
    /// <summary>Every kind of write, its repetition, and every other kind under its operation id; then again after a restart.</summary>
    [Fact]
    public async Task An_operation_id_stands_for_one_write_whatever_its_kind()
    {
        var folder = Directory.CreateTempSubdirectory("fewshot-operations-");
        (string Kind, Func<IClassSetGrain, WriteOperation, Task<long>> Write)[] writes =
        [
            ("create", async (set, op) => (await set.Create(new ClassSetDefinition { Classes = [new("red"), new("green")] }, op, default)).Version),
            ("add", async (set, op) => (await set.AddClasses([new("blue")], op, default)).Version),
            ("rename", async (set, op) => (await set.RenameClass("blue", "cyan", null, op, default)).Version),
            ("shots", async (set, op) => (await set.AddShots(ToySets.Shots((0, "red", 1), (0, "red", 2), (0, "red", 3)), op, default)).Version),
            ("move", async (set, op) => (await set.MoveShots([new ShotMove(ToySets.Key("red", 1), 1)], op, default)).Version),
            ("remove shots", async (set, op) => (await set.RemoveShots(ShotSelection.OfKeys(ToySets.Key("red", 2)), op, default)).Version),
            ("remove", async (set, op) => (await set.RemoveClasses(["cyan"], op, default)).Version),
            ("rollback", async (set, op) => (await set.Rollback(2, op, default)).Version),
            ("delete", async (set, op) => (await set.Delete(op, default)).Version),
        ];
        await using (var cluster = await ToyCluster.Start(folder.FullName))
            for (var i = 0; i < writes.Length; i++) await Check(cluster.Set(), i);
        await using (var cluster = await ToyCluster.Start(folder.FullName))
        {
            for (var i = 0; i < writes.Length; i++) await Check(cluster.Set(), i);
            await Expect.Error(FewShotErrorCode.ClassSetNotFound, () => cluster.Set().Describe());
        }
        folder.Delete(true);

        async Task Check(IClassSetGrain set, int i)
        {
            var operation = new WriteOperation(writes[i].Kind);
            // The versions are gapless: each write publishes one, its repetitions none.
            for (var repetition = 0; repetition < 2; repetition++) Assert.Equal(i + 1, await writes[i].Write(set, operation));
            foreach (var other in writes.Where(other => other.Kind != writes[i].Kind))
                await Expect.Error(FewShotErrorCode.Conflict, () => other.Write(set, operation));
        }
    }

    [Fact]
    public async Task Operations_beyond_the_remembered_ones_are_new_again()
    {
        await using var cluster = await ToyCluster.Start(configure: options => options.RememberedOperations = 2);
        await cluster.Create(null, "red");
        for (var i = 0; i < 3; i++) await cluster.Set().AddClasses([new($"class {i}")], $"add {i}", default);
        Assert.Equal(3, (await cluster.Set().AddClasses([new("class 1")], "add 1", default)).Version);
        await Expect.Error(FewShotErrorCode.Conflict, () => cluster.Set().AddClasses([new("class 0")], "add 0", default));
    }

    [Fact]
    public async Task A_write_that_was_cancelled_leaves_nothing_and_nothing_in_the_way()
    {
        await using var cluster = await ToyCluster.Start();
        await cluster.Create(null, "red");
        using var cancelled = new CancellationTokenSource();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gate = new ManualResetEventSlim();
        cluster.Encoder.Text = text =>
        {
            reached.TrySetResult();
            gate.Wait();
            return ToyColours.OfText(text);
        };
        var write = cluster.Set().AddClasses([new("green")], "op", cancelled.Token);
        await reached.Task;
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        // The device is still busy with it; the set is not.
        Assert.Equal(2, (await cluster.Set().RemoveClasses(["red"], "remove", default)).Version);
        gate.Set();
        Assert.Equal(3, (await cluster.Set().AddClasses([new("green")], "op", default)).Version);
        Assert.Equal("green", Assert.Single((await cluster.Set().Describe()).Classes).Name);
    }

    /// <summary>Each new kind of write against a store that refuses it: nothing is visible, and the repetition does it.</summary>
    [Fact]
    public async Task A_write_that_the_store_refused_can_be_repeated_whatever_its_kind()
    {
        await using var cluster = await ToyCluster.Start();
        var fitted = await ToySets.Fitted(cluster);
        Func<IClassSetGrain, Task<long>>[] writes =
        [
            async set => (await set.RemoveClasses(["green"], "a", default)).Version,
            async set => (await set.RenameClass("blue", "cyan", null, "b", default)).Version,
            async set => (await set.MoveShots([new ShotMove(ToySets.Key("red", 1), 1)], "c", default)).Version,
            async set => (await set.RemoveShots(ShotSelection.OfClasses(1), "d", default)).Version,
            async set => (await set.Rollback(fitted, "e", default)).Version,
            async set => (await set.Delete("f", default)).Version,
        ];
        for (var i = 0; i < writes.Length; i++)
        {
            cluster.Store.Refuses = true;
            await Expect.Error(FewShotErrorCode.StorageUnavailable, () => writes[i](cluster.Set()));
            Assert.Equal(fitted + i, (await cluster.Set().Describe()).Version);
            cluster.Store.Refuses = false;
            Assert.Equal(fitted + i + 1, await writes[i](cluster.Set()));
        }
    }
}
