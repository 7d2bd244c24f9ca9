using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.ClassSets;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>A copy of a set's snapshot that is kept fresh by steps, as a silo's is.</summary>
internal sealed class SnapshotFollower(IClassSetGrain grain)
{
    public ClassSetSnapshot? Have { get; private set; }

    /// <summary>How often the whole came, and how many steps.</summary>
    public (int Full, int Steps) Came { get; private set; }

    public async Task Follow()
    {
        if (await grain.GetIfNewer(Have?.Version ?? 0) is not { } update) return;
        Came = (Came.Full + (update.Full is null ? 0 : 1), Came.Steps + update.Steps.Length);
        Have = update.Full ?? update.Steps.Aggregate(Have!, SnapshotDeltas.Apply);
    }

    /// <summary>The published snapshot as a silo gets it that has none.</summary>
    public async Task<ClassSetSnapshot> Whole() => (await grain.GetIfNewer(0))!.Full!;

    public static void AssertSame(ClassSetSnapshot expected, ClassSetSnapshot actual)
    {
        Assert.Equal((expected.ClassSetId, expected.Version, expected.Digest), (actual.ClassSetId, actual.Version, actual.Digest));
        Assert.Equal(expected.Classes, actual.Classes);
        Assert.Equal(expected.Calibration, actual.Calibration);
        Assert.Equal((expected.LearnFromTraffic, expected.Gate, expected.ProxyBasis), (actual.LearnFromTraffic, actual.Gate, actual.ProxyBasis));
        Assert.Equal(expected.Encoders.Length, actual.Encoders.Length);
        foreach (var (one, other) in expected.Encoders.Zip(actual.Encoders))
        {
            Assert.Equal(one.FittedClasses, other.FittedClasses);
            Assert.Equal(one.ProbeClasses, other.ProbeClasses);
            var pairs = SnapshotMatrices.Of(one, expected.Classes.Length).Zip(SnapshotMatrices.Of(other, actual.Classes.Length));
            foreach (var (a, b) in pairs) AssertSame(a.Bytes, b.Bytes);
        }
        Assert.Equal(expected.Refiner is null, actual.Refiner is null);
        foreach (var (a, b) in SnapshotMatrices.Of(expected.Refiner).Zip(SnapshotMatrices.Of(actual.Refiner))) AssertSame(a.Bytes, b.Bytes);
        // From the bytes, not from what was said.
        Assert.Equal(SnapshotDigest.Of(expected), SnapshotDigest.Of(actual));
        Assert.Equal(actual.Digest, SnapshotDigest.Of(actual));
    }

    private static void AssertSame(MatrixBytes expected, MatrixBytes actual)
    {
        Assert.Equal(expected.ToArray(), actual.ToArray());
        Assert.Equal(new MatrixBytes(expected.ToArray()).Blocks, actual.Blocks);
    }
}
