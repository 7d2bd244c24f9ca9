using System.Text.Json;
using FewShotCluster.Cluster.Tests.Processes;

namespace FewShotCluster.Cluster.Tests;

/// <summary><c>fewshotd bench cluster</c> in small: processes that start, are killed and measured by a process.</summary>
public class BenchClusterTests
{
    [Theory]
    [InlineData("cluster/hot-add/sqlite")]
    [InlineData("cluster/hot-add/sqlite/damaged-log", "--damage-log")]
    public async Task NamesOutliveKillsAndDamagedLogs(string name, params string[] more)
    {
        Programs.DemoModels();
        var figures = await RunAsync(["hot-add", "--adds", "24", "--kills", "2", .. more]);
        Assert.Equal((24, 2, 0), (figures[$"{name}/added"], figures[$"{name}/kills"], figures[$"{name}/failures"]));
    }

    [Fact]
    public async Task CachedPhotosAreAnsweredFromTheCache()
    {
        Programs.DemoModels();
        var figures = await RunAsync("cache", "--duration", "0.5", "--callers", "4");
        Assert.Equal(0, figures["cluster/cache/misses"]);
        Assert.True(figures["cluster/cache/answers"] > 0 && figures["cluster/cache/p50"] > 0);
    }

    [Fact]
    public async Task NullModelsShowTheClustersOwnCost()
    {
        var figures = await RunAsync("overhead", "--pairs", "20", "--rounds", "0");
        // A millisecond of the null model on both sides.
        Assert.True(figures["cluster/overhead/null-model/worker-p50"] >= 1);
        Assert.Equal(
            figures["cluster/overhead/null-model/sdk-p50"] - figures["cluster/overhead/null-model/worker-p50"],
            figures["cluster/overhead/null-model/p50"], 1e-6);
    }

    [Theory]
    [InlineData("'paper'", "hot-add", "--store", "paper")]
    [InlineData("--damage-log", "hot-add", "--damage-log", "--store", "redis")]
    [InlineData("--duration", "overload", "--duration", "long")]
    [InlineData("--nodes", "kill", "--nodes", "1")]
    [InlineData("--json", "cache", "--json", "no-such-folder/figures.json")]
    public async Task WrongArgumentsAreRefused(string named, params string[] arguments)
    {
        var run = await ServerProcess.RunAsync(["bench", "cluster", .. arguments]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(named, run.Error);
    }

    private static async Task<Dictionary<string, double>> RunAsync(params string[] arguments)
    {
        var run = await ServerProcess.RunAsync(["bench", "cluster", .. arguments, "--json", "-"]);
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        return JsonDocument.Parse(run.Output).RootElement.GetProperty("figures")
            .EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!, f => f.GetProperty("value").GetDouble());
    }
}
