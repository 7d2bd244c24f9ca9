using FewShotCluster.Bench.Robustness;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Bench.Tests.Robustness;

/// <summary>The soak's own honesty: a leak is one, steady memory is none, and damage is told.</summary>
public class SoakTests
{
    private const int Encodes = 60;

    [Fact]
    public void Memory_that_is_kept_is_a_leak()
    {
        var kept = new List<byte[]>();
        var report = Soak(() =>
        {
            kept.Add(GC.AllocateUninitializedArray<byte>(4 << 20));
            kept[^1].AsSpan().Fill(1);
        });
        Assert.True(report.Leaks, $"{report}");
        Assert.InRange(report.Highest - report.AfterThousand, Encodes / 3 * (4L << 20), Encodes * (6L << 20));
        Assert.Equal(Encodes, kept.Count);
    }

    [Fact]
    public void Garbage_is_no_leak()
    {
        var report = Soak(() => GC.AllocateUninitializedArray<byte>(4 << 20).AsSpan().Fill(1));
        Assert.InRange(report.Highest - report.AfterThousand, long.MinValue, 40L << 20);
    }

    [Fact]
    public void A_feature_that_is_no_number_ends_the_run() =>
        Assert.Contains("batch 1", Assert.Throws<InvalidDataException>(() => Soak(() => { }, float.NaN)).Message);

    [Fact]
    public void The_batches_follow_from_the_seed()
    {
        var (first, second) = (new Encoder(() => { }, 1), new Encoder(() => { }, 1));
        foreach (var encoder in new[] { first, second })
            new SoakRun([encoder], null, seed: 9).Run(Encodes, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(first.Seen, second.Seen);
        Assert.Contains(first.Seen, s => s.StartsWith("image"));
        Assert.Contains(first.Seen, s => s.StartsWith("text"));
    }

    private static SoakReport Soak(Action onEncode, float value = 1) =>
        new SoakRun([new Encoder(onEncode, value)], null, seed: 1).Run(Encodes, _ => { }, TestContext.Current.CancellationToken);

    private sealed class Encoder(Action onEncode, float value) : IImageTextEncoder
    {
        public List<string> Seen { get; } = [];

        public string Digest => "";

        public int Dimension => 1;

        public double LogitScale => 1;

        public int Resolution => 8;

        public byte[] Preprocess(RgbImage image) => image.ToPlanes();

        public float[] EncodeImages(IReadOnlyList<byte[]> planes) => Encode($"image {Convert.ToHexString(planes[0])}", planes.Count);

        public float[] EncodeTexts(IReadOnlyList<string> texts) => Encode($"text {texts[0]}", texts.Count);

        public void Dispose()
        {
        }

        private float[] Encode(string what, int count)
        {
            Seen.Add(what);
            onEncode();
            return [.. Enumerable.Repeat(value, count)];
        }
    }
}
