using System.Text.Json;
using FewShotCluster.Cluster.Tests.Processes;

namespace FewShotCluster.Cluster.Tests;

/// <summary><c>fewshot load</c> as a real process against a real node.</summary>
public sealed class LoadTests(RunningNode node) : IClassFixture<RunningNode>
{
    [Fact]
    public async Task OpenLoopMeasuresWhatItSent()
    {
        var report = await LoadAsync("load-open", "--rate", "40", "--duration", "1.5", "--deadline", "20000", "--unique");
        Assert.Equal(("open", 60, 60, 0), (Text(report, "loop"), Number(report, "sent"), Number(report, "answered"), Number(report, "notSent")));
        Assert.Equal(40, Number(report, "goodput"), 1.0);
        // Every photo's bytes were its own.
        Assert.Equal(0, Number(report, "cacheHits"));
        Assert.True(Number(report.GetProperty("latencyMs"), "p99.9") >= Number(report.GetProperty("latencyMs"), "p50"));
        Assert.Equal(60, report.GetProperty("timeline").EnumerateArray().Sum(second => Number(second, "answered")));
        Assert.Equal(60, report.GetProperty("versions").GetProperty("1").GetInt64());
        Assert.Equal(60, report.GetProperty("devices").GetProperty("node-a/cpu:0").GetInt64());
    }

    [Fact]
    public async Task ClosedLoopMeetsTheCache()
    {
        var report = await LoadAsync("load-closed", "--concurrency", "2", "--duration", "1.5");
        var answered = Number(report, "answered");
        Assert.Equal(("closed", answered), (Text(report, "loop"), Number(report, "sent")));
        // Four photos were met for the first time, by two callers.
        Assert.InRange(answered - Number(report, "cacheHits"), 0, Pictures.Classes.Count + 1);
    }

    private async Task<JsonElement> LoadAsync(string id, params string[] options)
    {
        await using var client = await node.Server.ConnectAsync();
        await client.CreateClassSetAsync(id, Pictures.Definition);
        var folder = Directory.CreateDirectory(node.Folder[id]).FullName;
        for (var i = 0; i < Pictures.Classes.Count; i++) await File.WriteAllBytesAsync(Path.Combine(folder, $"{id} {i}.jpg"), Pictures.Test(i));
        var run = await ToolProcess.RunAsync(node.Server.Gateway, ["load", id, "--images", folder, "--json", "-", .. options]);
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        return JsonDocument.Parse(run.Output).RootElement;
    }

    private static string? Text(JsonElement report, string name) => report.GetProperty(name).GetString();

    private static double Number(JsonElement report, string name) => report.GetProperty(name).GetDouble();
}
