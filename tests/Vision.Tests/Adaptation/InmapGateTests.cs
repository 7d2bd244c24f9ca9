using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class InmapGateTests
{
    [Fact]
    public void Coverage_counts_classes_with_half_of_a_fair_share()
    {
        using var scope = torch.NewDisposeScope();
        // Six images, three classes: a fair share is 2, half of it 1.
        var labels = torch.tensor(new double[,] { { 1, 0, 0 }, { 1, 0, 0 }, { 1, 0, 0 }, { .5, .5, 0 }, { .5, .5, 0 }, { .75, 0, .25 } });
        Assert.Equal(2 / 3.0, InmapGate.Coverage(labels), 1e-12);
        Assert.Equal(2 / 3.0, InmapGate.Coverage(labels.to(torch.ScalarType.Float32)), 1e-12);
    }

    [Fact]
    public void Coverage_falls_when_classes_are_missing_from_the_pool()
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed: 21, classes: 20, size: 64, spread: 0.5, textNoise: 0.3);
        var all = world.DrawEven(10);
        var half = world.Draw(Enumerable.Range(0, 20).Select(c => c < 10 ? 20 : 0).ToArray());
        double Coverage(LabelledFeatures pool) => InmapGate.Coverage(Scores.SoftLabels(pool.Features, world.Text, 0.01));
        Assert.True(Coverage(all) >= InmapGate.MinimumCoverage);
        Assert.InRange(Coverage(half), 0.4, 0.7);
    }

    [Theory]
    [InlineData(799, 100, 1.0, false, "text proxies: 799 unlabelled images, 100 classes need 800")]
    [InlineData(2399, 100, 0.89, false,
        "text proxies: 2399 unlabelled images seem to show only 89 % of 100 classes; a fit of those needs 2400")]
    [InlineData(2400, 100, 0.89, true, "vision proxies of the classes shown: 2400 unlabelled images seem to show 89 % of 100 classes")]
    [InlineData(9999, 100, 0.74, false, "text proxies: the unlabelled images seem to show only 74 % of 100 classes")]
    [InlineData(800, 100, 0.9, true, "vision proxies: 800 unlabelled images seem to show 90 % of 100 classes")]
    public void The_decision_says_why(long images, long classes, double coverage, bool serve, string reason)
    {
        var decision = InmapGate.Decide(images, classes, coverage);
        Assert.Equal(serve, decision.Serve);
        Assert.Equal(reason, decision.Reason);
    }
}
