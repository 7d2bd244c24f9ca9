using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cluster.Tests;

/// <summary>The life of a class set on real nodes: edited, rolled back, copied by file to another cluster, killed and come back.</summary>
public sealed class ClassSetLifeTests(RunningNode node) : IClassFixture<RunningNode>
{
    [Fact]
    public async Task EditedRolledBackAndCopiedByTheTool()
    {
        var folder = node.Folder;
        var classes = folder.Write("life classes.txt", string.Join('\n', Pictures.Classes.Select((c, i) => $"{c.Name} {10 + i}")));
        await Runs("version 1", "class-set", "create", "life", "--from", classes);
        var lines = Pictures.Shots.Select((shot, i) => (File: $"life {i}.jpg", shot.ClassId, Path: folder.Write($"life {i}.jpg", shot.Image))).ToList();
        var list = folder.Write("life list.txt", string.Join('\n', lines.Select(l => $"{l.File},{l.ClassId}")));
        await Runs("8 added", "shots", "add", "life", "--from", list, "--images", folder["."]);
        var tests = Pictures.Classes.Select((_, i) => (File: $"life test {i}.jpg", Path: folder.Write($"life test {i}.jpg", Pictures.Test(i)))).ToList();
        var validation = folder.Write("life validation.txt", string.Join('\n', tests.Select((t, i) => $"{t.File},{10 + i}")));
        await Runs("epochs by 4 validation photos", "fit", "life", "--validation", validation, "--images", folder["."]);

        await using var client = await node.Server.ConnectAsync();
        var fitted = await Pictures.AnswersAsync(client, "life", 3);
        var gone = Pictures.Classes[0].Name;
        await Runs("version 4", "classes", "remove", "life", gone);
        var photo = folder.Write("life photo.jpg", Pictures.Test(0));
        var answer = await Runs("\"version\": 4", "classify", "life", photo, "--min-version", "4", "--explain", "--json", "-");
        Assert.DoesNotContain(gone, answer);
        Assert.Equal(6, (await Runs("", "shots", "list", "life")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        await Runs($"- {gone}", "class-set", "history", "life");
        await Runs("version 5, as version 3 was", "class-set", "rollback", "life", "--to", "3");
        Assert.Equal(fitted, await Pictures.AnswersAsync(client, "life", 5));

        var file = folder["life.zip"];
        await Runs("version 5 written", "class-set", "export", "life", file);
        await Runs("version 1", "class-set", "import", file, "--as", "copy of life");
        Assert.Equal(fitted, await Pictures.AnswersAsync(client, "copy of life"));
        await Runs("deleted", "class-set", "delete", "copy of life");
        Assert.DoesNotContain("copy of life", await Runs("life", "class-set", "list"));
    }

    [Fact]
    public async Task AKilledNodeComesBackWithItsHistoryAndWithoutTheDeletedSet()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await ServerProcess.StartAsync(folder["data"]))
        {
            await using var client = await server.ConnectAsync();
            await client.CreateClassSetAsync("kept", Pictures.Definition);
            await client.CreateClassSetAsync("gone", Pictures.Definition);
            for (var i = 0; i < 5; i++) await client.AddClassesAsync("kept", [new ClassDefinition($"thing {i}")], new WriteOperation($"op {i}", i + 1));
            await client.RemoveClassesAsync("kept", ["thing 1", "thing 3"], "remove");
            await client.DeleteClassSetAsync("gone", "delete");
            await server.KillAsync();
        }
        await using (var server = await ServerProcess.StartAsync(folder["data"]))
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal("kept", Assert.Single(await client.ListAsync()).ClassSetId);
            var history = await client.GetHistoryAsync("kept");
            Assert.Equal(Enumerable.Range(1, 7).Select(v => (long)v), history.Select(v => v.Version));
            // What was acknowledged is known as done.
            Assert.Equal(7, (await client.RemoveClassesAsync("kept", ["thing 1", "thing 3"], "remove")).Version);
            Assert.Equal(8, (await client.RollbackAsync("kept", 5)).Version);
            Assert.Equal(["thing 0", "thing 1", "thing 2", "thing 3"], (await client.DescribeAsync("kept")).Classes.Skip(4).Select(c => c.Name));
            Assert.Equal(3, (await client.CreateClassSetAsync("gone", Pictures.Definition)).Version);
        }
    }

    private async Task<string> Runs(string output, params string[] args)
    {
        var run = await ToolProcess.RunAsync(node.Server.Gateway, args);
        Assert.True(run.ExitCode == 0, $"{string.Join(' ', args)}: exit {run.ExitCode}: {run.Error}");
        Assert.Contains(output, run.Output);
        return run.Output;
    }
}
