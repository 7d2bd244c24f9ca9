using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Calls;

public class ShotsTests
{
    private static Shot Photo(int number, int bytes) => new($"{number}.jpg", number, new byte[bytes]);

    [Fact]
    public async Task PhotosGoInCallsBelowTheLimit()
    {
        var cluster = new FakeCluster();
        await using var client = cluster.Client();
        var shots = Enumerable.Range(0, 10).Select(i => Photo(i, 3_000_000)).ToList();
        var result = await client.AddShotsAsync("pets", shots, "op");
        Assert.Equal(10, result.Added);
        Assert.Equal([2, 2, 2, 2, 2], cluster.ShotCalls.Select(c => c.Count));
        Assert.All(cluster.ShotCalls, c => Assert.True(c.Sum(s => s.Image.Length) <= PayloadLimits.MaxShotBatchBytes));
        Assert.Equal(shots, cluster.ShotCalls.SelectMany(c => c));
        Assert.Equal(["op/0", "op/1", "op/2", "op/3", "op/4"], cluster.Operations);
    }

    [Fact]
    public async Task SmallPhotosGoInCallsOfBoundedCount()
    {
        var cluster = new FakeCluster();
        await using var client = cluster.Client();
        await client.AddShotsAsync("pets", Enumerable.Range(0, 130).Select(i => Photo(i, 10)).ToAsyncEnumerable());
        Assert.Equal([64, 64, 2], cluster.ShotCalls.Select(c => c.Count));
    }

    [Fact]
    public async Task APhotoOverTheBatchSizeTravelsAlone()
    {
        var cluster = new FakeCluster();
        await using var client = cluster.Client();
        await client.AddShotsAsync("pets", [Photo(0, 10), Photo(1, PayloadLimits.MaxShotBatchBytes + 1), Photo(2, 10)]);
        Assert.Equal([1, 1, 1], cluster.ShotCalls.Select(c => c.Count));
    }

    [Fact]
    public async Task ResultsAreSummedAndOversizePhotosListed()
    {
        var cluster = new FakeCluster();
        var failure = new FailedInput("1.jpg", FewShotErrorCode.InvalidImage, "truncated");
        cluster.OnShots = shots => Task.FromResult(new AddShotsResult(cluster.ShotCalls.Count + 1, shots.Count - 1, 1, [failure]));
        await using var client = cluster.Client();
        var reported = new List<ShotsProgress>();
        var result = await client.AddShotsAsync(
            "pets",
            [Photo(0, 6_000_000), Photo(1, PayloadLimits.MaxPayloadBytes + 1), Photo(2, 6_000_000)],
            progress: new Collecting(reported));
        Assert.Equal(3, result.Version);
        Assert.Equal((0, 2), (result.Added, result.Duplicates));
        Assert.Equal([FewShotErrorCode.ImageTooLarge, FewShotErrorCode.InvalidImage, FewShotErrorCode.InvalidImage], result.Failed.Select(f => f.Code));
        Assert.Equal(new ShotsProgress(3, 3, 3), reported[^1]);
    }

    [Fact]
    public async Task NothingToSendStillTellsTheVersion()
    {
        await using var client = new FakeCluster().Client();
        var result = await client.AddShotsAsync("pets", new List<Shot>());
        Assert.Equal((7L, 0), (result.Version, result.Added));
    }

    [Fact]
    public async Task AFailureHalfwaySaysWhatWasAdded()
    {
        var cluster = new FakeCluster();
        cluster.OnShots = shots => cluster.ShotCalls.Count == 1
            ? Task.FromResult(new AddShotsResult(2, shots.Count, 0, []))
            : throw new FewShotException(FewShotErrorCode.InvalidArgument, "no class 9");
        await using var client = cluster.Client();
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.AddShotsAsync("pets", [Photo(0, 5_000_000), Photo(9, 5_000_000)]));
        Assert.Equal(FewShotErrorCode.InvalidArgument, error.Code);
        Assert.Contains("1 shots were added", error.Message);
    }

    [Fact]
    public async Task EachCallExpectsWhatTheOneBeforePublished()
    {
        var cluster = new FakeCluster();
        cluster.OnShots = shots => Task.FromResult(new AddShotsResult(10 + cluster.ShotCalls.Count, shots.Count, 0, []));
        await using var client = cluster.Client();
        await client.AddShotsAsync("pets", [.. Enumerable.Range(0, 130).Select(i => Photo(i, 10))], new WriteOperation("op", 10));
        Assert.Equal([10, 11, 12], cluster.Expected);
        await client.AddShotsAsync("pets", [Photo(0, 10)], "free");
        Assert.Null(cluster.Expected[^1]);
    }

    private sealed class Collecting(List<ShotsProgress> reported) : IProgress<ShotsProgress>
    {
        public void Report(ShotsProgress value) => reported.Add(value);
    }
}
