using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.ClassSets.Fits;
using FewShotCluster.Grains.Devices;
using TorchSharp;

namespace FewShotCluster.Grains.Tests.Adaptation;

public sealed class ShadowTestTests
{
    private static readonly ServedProxies Right = new([0, 1], FloatBytes.From([1, 0, 0, 1]), ProxyMethod.Inmap, 1);
    private static readonly ServedProxies Wrong = Right with { Values = FloatBytes.From([0, 1, 1, 0]) };

    [Fact]
    public void Candidate_text_and_served_are_judged_on_the_same_photos()
    {
        var shadow = ShadowTest.Run(Problem(Wrong), [Right])!;
        Assert.Equal((4, 1.0, 1.0, 0.5), (shadow.Images, shadow.Text, shadow.Candidate, shadow.Served));
        Assert.Equal((2, 0, false), (shadow.Gained, shadow.Lost, shadow.IsWorseThanServed));
        Assert.Null(ShadowTest.Run(Problem(Wrong) with { Shots = null }, [Right]));
        // Nothing fitted: text is what is served.
        Assert.Equal(1, ShadowTest.Run(Problem(null), [Wrong])!.Served);
    }

    [Theory]
    [InlineData(0, 4, false)]
    [InlineData(0, 5, true)]
    [InlineData(40, 50, false)]
    [InlineData(40, 63, true)]
    public void A_refit_is_worse_only_beyond_chance(int gained, int lost, bool isWorse) =>
        Assert.Equal(isWorse, new ShadowTest(200, 0, 0, 0, gained, lost).IsWorseThanServed);

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.5)]
    public async Task A_pool_without_most_classes_is_refused_whatever_its_size(double share)
    {
        using var scope = torch.NewDisposeScope();
        var world = new TestSupport.SyntheticClip(seed: 3, classes: 20, size: 32);
        var images = world.Draw([.. Enumerable.Range(0, 20).Select(c => c < 20 * share ? 40 : 0)]);
        var count = (int)images.Labels.shape[0];
        var problem = new ProxyProblem
        {
            Images = count,
            Classes = 20,
            Weights = [.. Enumerable.Repeat(1.0, count)],
            Encoders = [new EncoderPool(FitMatrix.Bytes(images.Features), FitMatrix.Bytes(world.Text.t()), 32, 100, 1, null)],
        };
        var refused = await Assert.ThrowsAsync<FitRefusedException>(
            () => new ProxyLearner(new InlineFitRunner(torch.CPU)).Learn(problem, _ => { }, CancellationToken.None));
        Assert.StartsWith("text proxies", refused.Message);
    }

    /// <summary>Two classes told apart by text, and a third that only text knows.</summary>
    private static ProxyProblem Problem(ServedProxies? served) => new()
    {
        Images = 0,
        Classes = 3,
        Weights = [],
        Encoders = [new EncoderPool([], FloatBytes.From([1, 0, 0, 1, -1, -1]), 2, 10, 1, served)],
        Shots = new LabelledImages([0, 1, 2, 2], [FloatBytes.From([1, 0, 0, 1, -1, -0.9f, -0.9f, -1])]),
    };
}
