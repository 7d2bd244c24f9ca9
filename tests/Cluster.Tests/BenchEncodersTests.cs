using System.Text.Json;
using FewShotCluster.Cluster.Tests.Processes;

namespace FewShotCluster.Cluster.Tests;

/// <summary><c>fewshotd bench encoders</c> as a real process.</summary>
public class BenchEncodersTests
{
    [Fact]
    public async Task TellsFiguresOfTheContract()
    {
        var weights = Path.Combine(Programs.DemoModels(), "clip-vit.safetensors");
        var run = await ServerProcess.RunAsync(
            "bench", "encoders", "--weights", weights, "--models", "clip-vit-text-prompt", "--batch", "2", "--threads", "1", "--dtype", "float32",
            "--rounds", "1", "--json", "-");

        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var figure = Assert.Single(JsonDocument.Parse(run.Output).RootElement.GetProperty("figures").EnumerateArray());
        Assert.Equal("clip-vit-text-prompt/batch-2/threads-1/float32", figure.GetProperty("name").GetString());
        Assert.Equal("onnxruntime float32", figure.GetProperty("against").GetString());
        Assert.True(figure.GetProperty("low").GetDouble() <= figure.GetProperty("ratio").GetDouble());
    }

    [Theory]
    [InlineData("--batch", "1,0")]
    [InlineData("--threads", "two")]
    [InlineData("--dtype", "float32,int4")]
    [InlineData("--models", "vit-b-31")]
    [InlineData("--weights", "no-such-file")]
    public async Task WrongArgumentsAreRefused(string option, string value)
    {
        var run = await ServerProcess.RunAsync("bench", "encoders", option, value);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(option == "--weights" ? value : option, run.Error);
    }
}
