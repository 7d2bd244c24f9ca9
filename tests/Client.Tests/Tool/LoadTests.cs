using FewShotCluster.Client.Testing;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Tool;

/// <summary><c>fewshot load</c> over the SDK's in-memory double.</summary>
public sealed class LoadTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly InMemoryFewShotClient cluster;
    private readonly ToolRunner tool;
    private byte[] overloaded = []; // first bytes of photos that are refused

    public LoadTests()
    {
        cluster = new(photo => overloaded.Contains(photo.Span[0]) ? throw new FewShotException(FewShotErrorCode.Overloaded, "full") : null);
        tool = new ToolRunner(() => cluster);
    }

    public async ValueTask InitializeAsync()
    {
        await cluster.CreateClassSetAsync("pets", new ClassSetDefinition { Classes = [new("cat"), new("dog")] });
        folder.Write("a.jpg", [1, 2, 3]);
        folder.Write("b.jpg", [4]);
    }

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("open", "--rate", "200")]
    [InlineData("closed", "--concurrency", "2")]
    public async Task TellsTheContractsFigures(string loop, string option, string value)
    {
        Assert.Equal(0, await Load(option, value, "--duration", "0.2", "--deadline", "5000", "--json", "-"));
        var report = tool.Report;
        Assert.Equal(loop, report.GetProperty("loop").GetString());
        var (sent, answered) = (report.GetProperty("sent").GetInt64(), report.GetProperty("answered").GetInt64());
        Assert.Equal(sent, answered);
        if (loop == "open") Assert.Equal(40, sent);
        Assert.True(report.GetProperty("goodput").GetDouble() > 0 && report.GetProperty("achievedRate").GetDouble() > 0);
        foreach (var percentile in new[] { "p50", "p90", "p99", "p99.9" })
            Assert.True(report.GetProperty("latencyMs").GetProperty(percentile).GetDouble() >= 0);
        Assert.Equal(answered, report.GetProperty("versions").GetProperty("1").GetInt64());
        Assert.Equal(answered, report.GetProperty("stages").GetProperty("Text").GetInt64());
        Assert.Empty(report.GetProperty("errors").EnumerateObject());
    }

    [Fact]
    public async Task SomeFailuresExitWithOneAndAreNamed()
    {
        overloaded = [4];
        Assert.Equal(1, await Load("--rate", "100", "--duration", "0.1", "--json", "-"));
        Assert.Equal(5, tool.Report.GetProperty("errors").GetProperty("Overloaded").GetInt64());
        Assert.Contains("error: Overloaded: 5 of 10 requests failed", tool.Error);
        overloaded = [4, 1];
        Assert.Equal(3, await Load("--rate", "100", "--duration", "0.1"));
    }

    [Fact]
    public async Task WhatCannotBeSentIsRefusedBeforeTheLoad()
    {
        Assert.Equal(4, await tool.RunAsync("load", "nope", "--images", folder.FullName, "--rate", "1", "--duration", "1"));
        Assert.Equal(2, await tool.RunAsync("load", "pets", "--images", Path.Combine(folder.FullName, "nowhere"), "--rate", "1", "--duration", "1"));
    }

    [Theory]
    [InlineData("--duration", "1")]
    [InlineData("--duration", "1", "--rate", "1", "--concurrency", "1")]
    [InlineData("--duration", "0", "--rate", "1")]
    [InlineData("--duration", "1", "--rate", "0")]
    [InlineData("--duration", "1", "--rate", "many")]
    [InlineData("--duration", "1", "--concurrency", "0")]
    [InlineData("--rate", "1")]
    [InlineData("--duration", "1", "--rate", "1", "--deadline", "0")]
    public async Task WrongArgumentsAreRefused(params string[] options)
    {
        Assert.Equal(2, await Load(options));
        Assert.StartsWith("error: InvalidArgument: ", tool.Error);
    }

    [Fact]
    public async Task RepetitionsAreTheSdksUnlessToldOtherwise()
    {
        await Load("--rate", "10", "--duration", "0.1");
        Assert.Equal(new FewShotClientOptions().MaxRetries, tool.Connected!.MaxRetries);
        await Load("--rate", "10", "--duration", "0.1", "--no-retry");
        Assert.Equal(0, tool.Connected!.MaxRetries);
    }

    private Task<int> Load(params string[] options) => tool.RunAsync(["load", "pets", "--images", folder.FullName, .. options]);
}
