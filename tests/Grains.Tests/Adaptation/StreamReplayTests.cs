using FewShotCluster.Grains.Adaptation;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Numerics;
using TorchSharp;

namespace FewShotCluster.Grains.Tests.Adaptation;

/// <summary>
/// A live set over streams of made-up features: served accuracy never falls behind text, whatever comes in whatever order, and is well
/// above it where InMaP can learn.
/// </summary>
public sealed class StreamReplayTests
{
    private const int Classes = 40, Size = 64, Images = 4000, FirstImages = 200;

    public static TheoryData<double, bool, bool, bool, ulong> Streams()
    {
        var streams = new TheoryData<double, bool, bool, bool, ulong>();
        foreach (var seed in new ulong[] { 1, 2 })
            foreach (var present in new[] { 0.05, 0.25, 0.5, 0.9, 1 })
                foreach (var isSorted in new[] { false, true })
                    foreach (var addsNames in new[] { false, true })
                        foreach (var isHard in new[] { false, true }) streams.Add(present, isSorted, addsNames, isHard, seed);
        return streams;
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Served_accuracy_is_never_behind_text(double present, bool isSorted, bool addsNames, bool isHard, ulong seed)
    {
        var settings = new StreamSettings { AddNamesAt = addsNames ? 0.5 : null, AddedNames = addsNames ? Classes / 5 : 0 };
        var report = await new StreamReplay(Stream(present, isSorted, isHard, seed), settings).Run(_ => { }, CancellationToken.None);
        var story = string.Join('\n', report.Refits.Select(r => $"{r.Images}: {r.Trigger}: {r.Reason}"))
            + string.Concat(report.Checkpoints.Select(c => $"\n{c.Images} text {c.TextAccuracy:P1}/{c.RecentTextAccuracy:P1} served {c.Accuracy:P1}/{c.RecentAccuracy:P1}"));
        TestContext.Current.TestOutputHelper?.WriteLine(story);
        Assert.Equal(20, report.Checkpoints.Count);
        Assert.All(report.Checkpoints.Where(c => c.Images > FirstImages), c => Assert.True(c.Accuracy >= c.TextAccuracy - 0.01, story));
        if (present == 1 && !isSorted)
            Assert.True(report.Checkpoints[^1].Accuracy >= report.Checkpoints[^1].TextAccuracy + 0.03, story);
    }

    private static StreamData Stream(double present, bool isSorted, bool isHard, ulong seed)
    {
        using var scope = torch.NewDisposeScope();
        var world = new SyntheticClip(seed, Classes, Size, textNoise: isHard ? 1.2 : 0.9, pairDistance: 1.2);
        var random = new SplitMix64(seed + 100);
        var shown = random.Permutation(Classes).Take((int)Math.Round(present * Classes)).ToHashSet();
        var images = world.Draw([.. Enumerable.Range(0, Classes).Select(c => shown.Contains(c) ? Images / shown.Count : 0)]);
        var order = isSorted ? null : torch.tensor(random.Permutation((int)images.Labels.shape[0]));
        var (features, labels) = order is null
            ? (images.Features, images.Labels)
            : (images.Features.index_select(0, order), images.Labels.index_select(0, order));
        return new StreamData(
            features.to(torch.ScalarType.Float32).data<float>().ToArray(),
            [.. labels.data<long>().Select(label => (int)label)],
            world.Text.t().contiguous().to(torch.ScalarType.Float32).data<float>().ToArray(),
            Size);
    }
}
