using System.Text.Json;
using FewShotCluster.Cluster.Tests.Processes;

namespace FewShotCluster.Cluster.Tests;

/// <summary><c>fewshotd bench fuzz</c> and <c>bench soak</c> as real processes, in small.</summary>
public class EnduranceVerbTests
{
    [Fact]
    public async Task FuzzTellsEveryCase()
    {
        var run = await ServerProcess.RunAsync("bench", "fuzz", "--cases", "60", "--seed", "3", "--json", "-");
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var figures = Figures(run.Output);
        Assert.Equal(60, figures["fuzz/cases"]);
        Assert.Equal(60, figures["fuzz/accepted"] + figures["fuzz/refused"]);
        Assert.All(new[] { "crash", "hang", "exception", "memory", "file" }, kind => Assert.Equal(0, figures[$"fuzz/{kind}"]));
    }

    [Fact]
    public async Task SoakFailsExactlyWhenMemoryGrows()
    {
        var run = await ServerProcess.RunAsync("bench", "soak", "--encodes", "40", "--json", "-");
        var figures = Figures(run.Output);
        Assert.Equal(40, figures["soak/encodes"]);
        Assert.True(figures["soak/memory-peak"] >= figures["soak/memory-end"] && figures["soak/memory-end"] > 0);
        Assert.Equal(figures["soak/memory-growth"] >= 2 ? 1 : 0, run.ExitCode);
    }

    [Theory]
    [InlineData("fuzz", "--cases", "0")]
    [InlineData("fuzz", "--corpus", "no-such-folder")]
    [InlineData("soak", "--vocab", "merges.txt")]
    public async Task WrongArgumentsAreRefused(params string[] arguments)
    {
        var run = await ServerProcess.RunAsync(["bench", .. arguments]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(arguments[1], run.Error);
    }

    private static Dictionary<string, double> Figures(string json) => JsonDocument.Parse(json).RootElement.GetProperty("figures")
        .EnumerateArray().ToDictionary(f => f.GetProperty("name").GetString()!, f => f.GetProperty("value").GetDouble());
}
