using System.Collections.Concurrent;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Load;
using Microsoft.Extensions.Time.Testing;

namespace FewShotCluster.Client.Tests.Load;

/// <summary>The generator's arithmetic, on a clock that the test moves.</summary>
public class LoadGeneratorTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider time = new();
    private readonly ConcurrentQueue<LoadRequest> requests = [];

    [Fact]
    public async Task AStallHoldsNoRequestBackAndCountsFromTheIntendedTimes()
    {
        var stall = new TaskCompletionSource<ClassificationAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var plan = LoadPlan.Open(100, Second) with { Deadline = Second * 2.5 };
        var running = Run(plan, _ => stall.Task);
        await AdvanceUntil(() => requests.Count == 100);
        // Every request waits until second 3: the first for 3 s, the last for 2.01 s.
        time.SetUtcNow(time.Start + (3 * Second));
        stall.SetResult(FakeCluster.Answer);
        var report = await running;

        Assert.Equal((100, 0, 100, 0), (report.Sent, report.NotSent, report.Answered, report.Failed));
        Assert.Equal(100, report.PeakInFlight);
        Assert.Equal(3000, report.LatencyMs.Max, 5.0);
        Assert.Equal(2500, report.LatencyMs.P50, 15.0);
        Assert.Equal(2900, report.LatencyMs.P90, 15.0);
        // In time: intended at 0.5 s or later. Sending took a second.
        Assert.Equal(50, report.Goodput, 1.0);
        Assert.Equal((0, 100), (report.Timeline[0].Answered, report.Timeline[^1].Answered));
    }

    [Fact]
    public async Task TheDeadlineIsThatOfTheIntendedTime()
    {
        var running = Run(LoadPlan.Open(2, Second) with { Deadline = Second }, _ => Task.FromResult(FakeCluster.Answer));
        await AdvanceUntil(() => requests.Count == 1);
        // The generator sleeps through the second request's time by 0.3 s.
        time.Advance(Second * 0.8);
        await running;
        Assert.Equal([1000, 700], requests.Select(r => Math.Round(r.Deadline!.Value.TotalMilliseconds)));
    }

    [Fact]
    public async Task TheBoundOnRequestsInFlightIsReported()
    {
        var stall = new TaskCompletionSource<ClassificationAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = Run(LoadPlan.Open(100, Second) with { MaxInFlight = 7 }, _ => stall.Task);
        await AdvanceUntil(() => time.GetUtcNow() - time.Start >= Second * 1.5);
        stall.SetResult(FakeCluster.Answer);
        var report = await running;
        Assert.Equal((7, 93, 7, 7), (report.Sent, report.NotSent, report.PeakInFlight, report.MaxInFlight));
    }

    [Fact]
    public async Task FailuresAreCountedByCode()
    {
        var report = await Run(LoadPlan.Open(10, Second), request => (request.Index % 5) switch
        {
            0 => throw new FewShotException(FewShotErrorCode.Overloaded, "full"),
            1 => Task.FromException<ClassificationAnswer>(new InvalidOperationException("odd")),
            _ => Task.FromResult(FakeCluster.Answer with { Version = request.Index, CacheHit = request.Index == 2 }),
        }, drive: true);
        Assert.Equal((6, 4), (report.Answered, report.Failed));
        Assert.Equal([("Internal", 2L), ("Overloaded", 2L)], report.Errors.Select(e => (e.Key, e.Value)));
        Assert.Equal([2L, 3, 4, 7, 8, 9], report.Versions.Keys);
        Assert.Equal((1, 6), (report.CacheHits, report.Stages["Text"]));
        Assert.Equal(6, report.Goodput, 1e-9);
    }

    [Fact]
    public async Task TheClosedLoopHasSoManyCallers()
    {
        var (now, most) = (0, 0);
        var report = await Run(LoadPlan.Closed(3, Second), async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Delay(TimeSpan.FromMilliseconds(100), time);
            Interlocked.Decrement(ref now);
            return FakeCluster.Answer;
        }, drive: true);
        Assert.Equal(3, most);
        Assert.Equal(("closed", 3, 3), (report.Loop, report.PeakInFlight, report.Concurrency));
        Assert.InRange(report.Answered, 3, 30);
    }

    [Fact]
    public async Task CancellationEndsItAtOnce()
    {
        using var stop = new CancellationTokenSource();
        var running = new LoadGenerator(
            LoadPlan.Closed(2, Second), async (_, token) =>
            {
                requests.Enqueue(default);
                await Task.Delay(Timeout.InfiniteTimeSpan, time, token);
                return FakeCluster.Answer;
            }, time).RunAsync(stop.Token);
        await AdvanceUntil(() => requests.Count == 2);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public void UniquePhotosDifferAndKeepTheirPicture()
    {
        var photos = new PhotoSource([[1, 2], [3]], unique: true);
        Assert.Equal([1, 2], photos.Photo(2)[..2].ToArray());
        Assert.NotEqual(photos.Photo(0).ToArray(), photos.Photo(2).ToArray());
        Assert.Equal([3], new PhotoSource([[1, 2], [3]]).Photo(5).ToArray());
    }

    private async Task<LoadReport> Run(LoadPlan plan, Func<LoadRequest, Task<ClassificationAnswer>> send, bool drive = false)
    {
        var running = new LoadGenerator(
            plan, (request, _) =>
            {
                requests.Enqueue(request);
                return send(request);
            }, time).RunAsync();
        if (drive) await AdvanceUntil(() => running.IsCompleted);
        return await running;
    }

    // The clock moves in steps until the condition holds; real time only bounds the test.
    private async Task AdvanceUntil(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }
    }
}
