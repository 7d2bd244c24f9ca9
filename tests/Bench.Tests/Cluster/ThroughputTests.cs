using FewShotCluster.Bench.Cluster;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Tests.Cluster;

public class ThroughputTests
{
    private const double Rate = 100;
    private static readonly TimeSpan End = TimeSpan.FromSeconds(20), Event = TimeSpan.FromSeconds(5);

    [Fact]
    public void NoDipIsNoTime() => Assert.Equal(TimeSpan.Zero, BackAfter(_ => 0.005));

    [Fact]
    public void BackWhenAnswersComeAtTheirRateAgain() =>
        // Whoever calls within three seconds of the event waits until they are over.
        Assert.Equal(TimeSpan.FromSeconds(3), BackAfter(at => at is >= 5 and < 8 ? 8.001 - at : 0.001));

    [Fact]
    public void NeverBackIsSaid() => Assert.Null(BackAfter(at => at < 5 ? 0.001 : 100));

    private static TimeSpan? BackAfter(Func<double, double> latency) => Throughput.BackAfter(
        Enumerable.Range(0, 2000).Select(i => i / Rate).Select(at => new LoadSample(
            0, TimeSpan.FromSeconds(at), TimeSpan.FromSeconds(at), TimeSpan.FromSeconds(at + latency(at)), Answer, null)), Event, End, Rate);

    private static ClassificationAnswer Answer { get; } = new()
    {
        ClassSetId = "set",
        Version = 1,
        Stage = CascadeStage.Text,
        Top = [],
        Encoders = new Dictionary<string, string>(),
        CacheHit = false,
        Device = "node/cpu:0",
        Timings = new StageTimings(0, 0, 0, 0, 0),
    };
}
