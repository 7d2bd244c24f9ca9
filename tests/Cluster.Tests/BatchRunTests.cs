using System.Text.Json;
using FewShotCluster.Cluster.Tests.Processes;
using FewShotCluster.Demo.Classes;

namespace FewShotCluster.Cluster.Tests;

/// <summary>The seed's batch run by the real tool on a real node: <c>predict</c>, then <c>evaluate</c> of the same photos.</summary>
public sealed class BatchRunTests(RunningNode node) : IClassFixture<RunningNode>
{
    // InMaP's gate asks for eight photos a class.
    private const int PhotosPerClass = 9;
    private const int Seed = 6;

    [Fact]
    public async Task PredictRefitsWritesTheUsersIdsAndEvaluateAgrees()
    {
        var classes = node.Folder.Write("batch classes.txt", string.Join('\n', Pictures.Classes.Select((c, i) => $"{c.Name} {Id(i)}")));
        await Runs(0, "class-set", "create", "batch", "--from", classes);
        // Two classes have shots, two are known by name only.
        var shots = Pictures.Shots.Where(s => s.ClassId < 12).ToList();
        foreach (var shot in shots) node.Folder.Write($"{shot.Source}.jpg", shot.Image);
        var train = node.Folder.Write("batch train.txt", string.Join('\n', shots.Select(s => $"{s.Source}.jpg,{Id(s.ClassId - 10)}")));
        await Runs(0, "shots", "add", "batch", "--from", train, "--images", node.Folder["."]);
        await Runs(0, "fit", "batch");

        var images = Directory.CreateDirectory(node.Folder["batch images"]).FullName;
        var labels = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < Pictures.Classes.Count * PhotosPerClass; i++)
        {
            var (c, n) = (i % Pictures.Classes.Count, i / Pictures.Classes.Count);
            var name = $"photo {i}.jpg";
            labels[name] = Id(c);
            await File.WriteAllBytesAsync(Path.Combine(images, name), DemoPictures.Test(Pictures.Classes[c], n, Seed));
        }
        await File.WriteAllTextAsync(Path.Combine(images, "notes.txt"), "no photo");

        var result = node.Folder["result.txt"];
        var predicted = await Runs(1, "predict", "batch", "--images", images, "--out", result, "--json", "-");
        Assert.Equal("Published", predicted.GetProperty("refined").GetProperty("state").GetString());
        Assert.Equal("notes.txt", predicted.GetProperty("failed")[0].GetProperty("source").GetString());
        var lines = (await File.ReadAllLinesAsync(result)).Select(line => line.Split(".jpg ")).ToList();
        Assert.Equal(labels.Keys, lines.Select(line => $"{line[0]}.jpg"));
        Assert.All(lines, line => Assert.Subset(
            Pictures.Classes.Select((_, i) => $"{Id(i)}").ToHashSet(), line[1].Split(' ').ToHashSet()));
        var right = lines.Count(line => line[1].Split(' ')[0] == $"{labels[$"{line[0]}.jpg"]}");

        var list = node.Folder.Write("batch list.csv", string.Join('\n', labels.Select(l => $"{l.Key},{l.Value}")));
        var evaluated = await Runs(0, "evaluate", "batch", "--list", list, "--images", images, "--json", "-");
        Assert.Equal((double)right / labels.Count, evaluated.GetProperty("top1").GetDouble(), 12);
        Assert.InRange(evaluated.GetProperty("harmonicMean").GetDouble(), 0.5, 1);
        var stages = evaluated.GetProperty("stages");
        var counts = predicted.GetProperty("stages");
        foreach (var stage in new[] { "text", "proxies", "probe", "refiner" })
            Assert.Equal(counts.GetProperty(stage).GetInt32(), stages.GetProperty(stage).GetProperty("images").GetInt32());
        Assert.True(counts.GetProperty("proxies").GetInt32() > 0 && counts.GetProperty("probe").GetInt32() > 0);
    }

    [Fact]
    public async Task TooFewPhotosAreClassifiedByText()
    {
        var classes = node.Folder.Write("few classes.txt", string.Join('\n', Pictures.Classes.Select(c => c.Name)));
        await Runs(0, "class-set", "create", "few", "--from", classes);
        var images = Directory.CreateDirectory(node.Folder["few images"]).FullName;
        await File.WriteAllBytesAsync(Path.Combine(images, "one.jpg"), Pictures.Test(0));
        var result = node.Folder["few result.txt"];
        var run = await ToolProcess.RunAsync(node.Server.Gateway, "predict", "few", "--images", images, "--out", result);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("not refined: text proxies: 1 unlabelled images, 4 classes need 32; served instead: text", run.Error);
        Assert.Single(await File.ReadAllLinesAsync(result));
    }

    // Not in the order of the names, not from 0.
    private static int Id(int position) => 403 - (100 * position);

    private async Task<JsonElement> Runs(int exit, params string[] args)
    {
        var run = await ToolProcess.RunAsync(node.Server.Gateway, args);
        Assert.True(exit == run.ExitCode, $"{string.Join(' ', args)}: exit {run.ExitCode}: {run.Error}");
        return args[^1] == "-" ? JsonDocument.Parse(run.Output).RootElement : default;
    }
}
