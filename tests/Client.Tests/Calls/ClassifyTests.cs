using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Calls;

public class ClassifyTests
{
    public static TheoryData<int, FewShotErrorCode> Sizes => new()
    {
        { 0, FewShotErrorCode.InvalidImage },
        { PayloadLimits.MaxPayloadBytes + 1, FewShotErrorCode.ImageTooLarge },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task SizesAreCheckedBeforeTheCall(int bytes, FewShotErrorCode code)
    {
        var cluster = new FakeCluster();
        await using var client = cluster.Client();
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.ClassifyAsync("pets", new byte[bytes]));
        Assert.Equal(code, error.Code);
        Assert.Empty(cluster.Classified);
    }

    [Fact]
    public async Task NamesThatDoNotFitOneCallAreRefused()
    {
        var cluster = new FakeCluster();
        await using var client = cluster.Client();
        var prompt = new string('x', 1_000_000);
        var classes = Enumerable.Range(0, 16).Select(i => new ClassDefinition($"c{i}", Prompt: prompt)).ToList();
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.AddClassesAsync("pets", classes));
        Assert.Equal(FewShotErrorCode.LimitExceeded, error.Code);
        Assert.Empty(cluster.Operations);
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1001, 0, 1)]
    [InlineData(5, -1, 1)]
    [InlineData(5, 0, 0)]
    [InlineData(5, 0, 3_600_001)]
    public async Task OptionsOutOfRangeAreRefused(int top, long version, int milliseconds)
    {
        await using var client = new FakeCluster().Client();
        var options = new ClassifyOptions { Top = top, MinimumVersion = version, Deadline = TimeSpan.FromMilliseconds(milliseconds) };
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.ClassifyAsync("pets", new byte[1], options));
        Assert.Equal(FewShotErrorCode.InvalidArgument, error.Code);
    }

    [Fact]
    public async Task AWholeArrayIsNotCopiedASliceIs()
    {
        var cluster = new FakeCluster();
        await using var client = cluster.Client();
        var bytes = new byte[] { 1, 2, 3, 4 };
        await client.ClassifyAsync("pets", bytes);
        await client.ClassifyAsync("pets", bytes.AsMemory(1, 2));
        Assert.Same(bytes, cluster.Classified[0].Image);
        Assert.Equal([2, 3], cluster.Classified[1].Image);
    }

    [Fact]
    public async Task AnEmptyIdIsRefused()
    {
        await using var client = new FakeCluster().Client();
        Assert.Equal(FewShotErrorCode.InvalidArgument, (await Assert.ThrowsAsync<FewShotException>(() => client.ClassifyAsync(" ", new byte[1]))).Code);
        Assert.Equal(FewShotErrorCode.InvalidArgument, (await Assert.ThrowsAsync<FewShotException>(() => client.DescribeAsync(""))).Code);
    }

    [Fact]
    public async Task ManyKeepTheirOrderAndFailOneByOne()
    {
        var cluster = new FakeCluster
        {
            OnClassify = (request, _) => request.Image[0] == 3
                ? throw new FewShotException(FewShotErrorCode.InvalidImage, "truncated")
                : Task.FromResult(FakeCluster.Answer with { Version = request.Image[0] }),
        };
        await using var client = cluster.Client();
        var outcomes = await client.ClassifyManyAsync("pets", Items(6), concurrency: 3).ToListAsync();
        Assert.Equal(["0", "1", "2", "3", "4", "5"], outcomes.Select(o => o.Source));
        Assert.Equal([0L, 1, 2, null, 4, 5], outcomes.Select(o => o.Answer?.Version));
        Assert.Equal(FewShotErrorCode.InvalidImage, outcomes[3].Error!.Code);
    }

    [Fact]
    public async Task ManyRunTogetherButNoMoreThanAsked()
    {
        var cluster = new FakeCluster();
        var (running, most) = (0, 0);
        var gates = Enumerable.Range(0, 20).Select(_ => new TaskCompletionSource()).ToArray();
        cluster.OnClassify = async (request, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            // Opens the photo four places back: only with at least four in flight does the stream ever end.
            if (request.Image[0] >= 3) gates[request.Image[0] - 3].TrySetResult();
            if (request.Image[0] < 17) await gates[request.Image[0]].Task;
            Interlocked.Decrement(ref running);
            return FakeCluster.Answer;
        };
        await using var client = cluster.Client();
        Assert.Equal(20, await client.ClassifyManyAsync("pets", Items(20), concurrency: 4).CountAsync());
        Assert.Equal(4, most);
    }

    [Fact]
    public async Task LeavingEarlyCancelsWhatIsInFlight()
    {
        var cluster = new FakeCluster();
        var cancelled = new TaskCompletionSource();
        cluster.OnClassify = async (request, token) =>
        {
            if (request.Image[0] == 0) return FakeCluster.Answer;
            await using var registration = token.Register(() => cancelled.TrySetResult());
            await Task.Delay(Timeout.Infinite, token);
            return FakeCluster.Answer;
        };
        await using var client = cluster.Client();
        await foreach (var outcome in client.ClassifyManyAsync("pets", Items(8), concurrency: 4))
        {
            Assert.Equal("0", outcome.Source);
            break;
        }
        await cancelled.Task;
    }

    [Fact]
    public async Task AFailingSourceFailsTheStream()
    {
        await using var client = new FakeCluster().Client();
        var stream = client.ClassifyManyAsync("pets", Broken());
        await Assert.ThrowsAsync<InvalidDataException>(async () => await stream.CountAsync());

        static async IAsyncEnumerable<ClassifyItem> Broken()
        {
            yield return new ClassifyItem("0", new byte[1]);
            await Task.Yield();
            throw new InvalidDataException("the caller's own");
        }
    }

    private static IAsyncEnumerable<ClassifyItem> Items(int count) =>
        Enumerable.Range(0, count).Select(i => new ClassifyItem(i.ToString(), new[] { (byte)i })).ToAsyncEnumerable();
}
