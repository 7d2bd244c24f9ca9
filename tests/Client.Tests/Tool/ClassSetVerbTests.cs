using System.IO.Compression;
using FewShotCluster.Client.Testing;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Client.Tests.Tool;

/// <summary>Verbs that change, follow and copy class sets, over the SDK's in-memory double.</summary>
public sealed class ClassSetVerbTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly InMemoryFewShotClient cluster = new();
    private readonly ToolRunner tool;

    public ClassSetVerbTests() => tool = new ToolRunner(() => cluster);

    public async ValueTask InitializeAsync()
    {
        await cluster.CreateClassSetAsync("pets", new ClassSetDefinition { Classes = [new("cat"), new("dog", 7), new("bird")] });
        await cluster.AddShotsAsync("pets", [new("a", 0, [1]), new("b", 7, [2]), new("c", 7, [3])]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public void Dispose() => folder.Dispose();

    private Task<int> Run(params string[] args) => tool.RunAsync(args);

    [Fact]
    public async Task ClassesAreRemovedAndRenamed()
    {
        Assert.Equal(0, await Run("classes", "remove", "pets", "cat", "bird", "--operation", "k", "--json", "-"));
        Assert.Equal(3, tool.Report.GetProperty("version").GetInt64());
        Assert.Equal(0, await Run("classes", "remove", "pets", "cat", "bird", "--operation", "k"));
        Assert.Contains("version 3", tool.Output);
        Assert.Equal(5, await Run("classes", "remove", "pets", "dog", "--operation", "k"));
        Assert.Equal(2, await Run("classes", "remove", "pets", "cat"));
        Assert.Equal(0, await Run("classes", "rename", "pets", "dog", "hound"));
        Assert.Equal([(7, "hound")], (await cluster.DescribeAsync("pets")).Classes.Select(c => (c.Id, c.Name)));
        Assert.Equal(0, await Run("classes", "add", "pets", "fish"));
        // 8 was the bird's.
        Assert.Equal(9, (await cluster.DescribeAsync("pets")).Classes[1].Id);
    }

    [Fact]
    public async Task AnExpectedVersionIsHeld()
    {
        Assert.Equal(5, await Run("classes", "add", "pets", "fish", "--expected-version", "1"));
        Assert.Contains("is at version 2, 1 was expected", tool.Error);
        Assert.Equal(0, await Run("classes", "add", "pets", "fish", "--expected-version", "2"));
    }

    [Fact]
    public async Task ShotsAreListedMovedAndRemoved()
    {
        Assert.Equal(0, await Run("shots", "list", "pets"));
        Assert.Contains($"7\t{ContentKey.Of([3])}", tool.Output);
        Assert.Equal(0, await Run("shots", "move", "pets", "--to", "cat", "--photo", folder.Write("c.jpg", [3])));
        Assert.Equal(0, await Run("shots", "move", "pets", "--to", "8", "--from-class", "dog", "--key", ContentKey.Of([2]).ToString()));
        Assert.Equal([2, 0, 1], (await cluster.DescribeAsync("pets")).Classes.Select(c => c.Shots));
        Assert.Equal(0, await Run("shots", "remove", "pets", "--class", "bird", "--key", ContentKey.Of([1]).ToString(), "--json", "-"));
        Assert.Equal(2, tool.Report.GetProperty("shots").GetInt32());
        Assert.Equal(2, await Run("shots", "remove", "pets", "--class", "nobody"));
        Assert.Equal([1, 0, 0], (await cluster.DescribeAsync("pets")).Classes.Select(c => c.Shots));
    }

    [Fact]
    public async Task AFewShotsOfEachLabelAreDrawnAndTheRestIsListed()
    {
        for (var i = 0; i < 9; i++) folder.Write($"{i}.jpg", [(byte)(10 + i)]);
        var list = folder.Write("all.txt", string.Concat(Enumerable.Range(0, 9).Select(i => $"{i}.jpg {(i < 6 ? "cat" : "bird")}\n")));
        var rest = Path.Combine(folder.FullName, "rest.txt");
        Assert.Equal(0, await Run("shots", "add", "pets", "--from", list, "--images", folder.FullName, "--per-class", "4", "--rest", rest));
        Assert.Contains("7 added", tool.Output);
        Assert.Equal([5, 2, 3], (await cluster.DescribeAsync("pets")).Classes.Select(c => c.Shots));
        var left = await File.ReadAllLinesAsync(rest);
        Assert.All(left, line => Assert.EndsWith(".jpg,cat", line));
        Assert.Equal(2, left.Length);
        // The same draw adds nothing, another one does.
        Assert.Equal(0, await Run("shots", "add", "pets", "--from", list, "--images", folder.FullName, "--per-class", "4"));
        Assert.Contains("0 added, 7 duplicates", tool.Output);
        Assert.Equal(2, await Run("shots", "add", "pets", "--from", list, "--images", folder.FullName, "--rest", rest));
        Assert.Equal(2, await Run("shots", "add", "pets", "--from", list, "--images", folder.FullName, "--per-class", "0"));
    }

    [Fact]
    public async Task HistoryAndRollback()
    {
        await Run("classes", "remove", "pets", "cat");
        Assert.Equal(0, await Run("class-set", "history", "pets"));
        Assert.Contains("names removed\t- cat", tool.Output);
        Assert.Equal(0, await Run("class-set", "rollback", "pets", "--to", "2"));
        Assert.Contains("version 4, as version 2 was", tool.Output);
        Assert.Equal([0, 7, 8], (await cluster.DescribeAsync("pets")).Classes.Select(c => c.Id));
        Assert.Equal(5, await Run("class-set", "rollback", "pets", "--to", "99"));
        Assert.Equal(2, await Run("class-set", "rollback", "pets", "--to", "4"));
    }

    [Fact]
    public async Task ASetIsDeletedOnce()
    {
        Assert.Equal(0, await Run("class-set", "delete", "pets"));
        Assert.Equal(4, await Run("class-set", "delete", "pets"));
        Assert.Equal(0, await Run("class-set", "list"));
        Assert.DoesNotContain("pets", tool.Output);
    }

    [Fact]
    public async Task ASetIsCopiedByFile()
    {
        var file = Path.Combine(folder.FullName, "pets.zip");
        Assert.Equal(0, await Run("class-set", "export", "pets", file));
        Assert.Contains("version 2 written", tool.Output);
        Assert.Equal(5, await Run("class-set", "import", file));
        Assert.Equal(0, await Run("class-set", "import", file, "--as", "copy"));
        Assert.Equal([1, 2, 0], (await cluster.DescribeAsync("copy")).Classes.Select(c => c.Shots));
        // A failed export leaves what was there.
        var bytes = await File.ReadAllBytesAsync(file);
        Assert.Equal(4, await Run("class-set", "export", "nobody", file));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file));
        Assert.Equal(2, await Run("class-set", "import", folder.Write("half.zip", bytes[..(bytes.Length / 2)]), "--as", "half"));
        Assert.Contains("is no exported class set", tool.Error);
        using (var zip = ZipFile.Open(file, ZipArchiveMode.Update)) zip.GetEntry("SHA256SUMS")!.Delete();
        Assert.Equal(2, await Run("class-set", "import", file, "--as", "unsummed"));
    }

    [Fact]
    public async Task FitsTakeWishesAndAreCancelled()
    {
        folder.Write("v.jpg", [9]);
        var list = folder.Write("list.txt", "v.jpg dog\nabsent.jpg dog\n");
        Assert.Equal(1, await Run("fit", "pets", "--preset", "seed", "--validation", list, "--images", folder.FullName));
        Assert.Contains("Published", tool.Output);
        Assert.Contains("absent.jpg", tool.Error);
        Assert.Equal(0, await Run("refine", "pets", "--preset", "paper"));
        Assert.Equal(0, await Run("fit", "pets", "--cancel"));
        Assert.Equal(0, await Run("refine", "pets", "--cancel"));
    }

    [Fact]
    public async Task AWatchFollowsUntilItIsEnded()
    {
        using var stop = new CancellationTokenSource();
        var watching = tool.RunAsync(["watch", "pets"], stop.Token);
        await cluster.AddClassesAsync("pets", [new("fish")]);
        await cluster.FitAsync("pets");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!tool.Output.Contains("fit of Shots: Published", StringComparison.Ordinal))
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        await stop.CancelAsync();
        Assert.Equal(130, await watching);
        Assert.StartsWith("version 2\t", tool.Output);
        Assert.Contains("version 4\t", tool.Output);
    }
}
