using System.Text.Json;
using FewShotCluster.Cluster.Tests.Processes;

namespace FewShotCluster.Cluster.Tests;

/// <summary>
/// The README's first command as it stands, and what it says about the cascade: each stage is better than the one it builds on. The
/// margins asked for are about half of the measured ones.
/// </summary>
public sealed class DemoTests
{
    [Fact]
    public async Task EachStageOfTheCascadeGains()
    {
        Programs.DemoModels();
        var run = await ServerProcess.RunAsync("demo", "--exit", "--json", "-", "--seed", "2");
        Assert.True(run.ExitCode == 0, run.Error);
        var report = JsonDocument.Parse(run.Output).RootElement;
        double At(params string[] path) => path.Aggregate(report, (node, name) => node.GetProperty(name)).GetDouble();

        Assert.True(At("classes", "seen") >= 60 && At("classes", "unseen") >= 16);
        Assert.InRange(At("accuracy", "text", "all"), 0.70, 1);
        Assert.InRange(At("accuracy", "inmap", "all"), At("accuracy", "text", "all") + 0.02, 1);
        Assert.InRange(At("accuracy", "probe", "seen"), At("accuracy", "probe", "zeroShotSeen") + 0.05, 1);
        Assert.InRange(At("dogs", "refiner"), At("dogs", "probe") + 0.10, 1);
        Assert.InRange(At("accuracy", "cascade", "harmonic"), At("accuracy", "text", "harmonic") + 0.04, 1);
        Assert.InRange(At("accuracy", "cascade", "unseen"), 0.80, 1);

        // A name that nobody trained: impossible before it was added, recognised right after.
        Assert.Equal(0, At("hotAdd", "before"));
        Assert.InRange(At("hotAdd", "after"), 0.75, 1);
        Assert.True(At("latencyMs", "p50") <= At("latencyMs", "p99") && At("imagesPerSecond") > 0);
    }

    [Fact]
    public async Task AWrongSeedIsAnArgumentError()
    {
        var run = await ServerProcess.RunAsync("demo", "--exit", "--seed", "-1");
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: InvalidArgument: ", run.Error.Trim());
    }
}
