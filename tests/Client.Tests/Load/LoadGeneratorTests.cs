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
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly FakeTimeProvider time = new();
    private readonly ConcurrentQueue<LoadRequest> requests = [];

    [Fact]
    public async Task AStallHoldsNoRequestBackAndCountsFromTheIntendedTimes()
    {
        var stall = new TaskCompletionSource<ClassificationAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var plan = LoadPlan.Open(100, Second) with { Deadline = Second * 2.5 };
        var running = Run(plan, _ => stall.Task);
        await AdvanceUntil(() => requests.Count == 100, Second);
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
        Assert.Single(requests);
        // The generator sleeps through the second request's time by 0.3 s.
        time.Advance(Second * 0.8);
        await running;
        Assert.Equal([1000, 700], requests.Select(r => Math.Round(r.Deadline!.Value.TotalMilliseconds)));
    }

    [Fact]
    public async Task TheBoundOnRequestsInFlightIsReported()
    {
        var stall = new TaskCompletionSource<ClassificationAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var leftOut = 0L;
        var running = new LoadGenerator(LoadPlan.Open(100, Second) with { MaxInFlight = 7 }, (_, _) => stall.Task, time)
        {
            Progress = now => leftOut = now.NotSent,
        }.RunAsync();
        await AdvanceUntil(() => leftOut == 93, TimeSpan.FromHours(1));
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
        var there = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = Run(LoadPlan.Closed(3, Second), async _ =>
        {
            var callers = Interlocked.Increment(ref now);
            lock (there) most = Math.Max(most, callers);
            if (callers == 3) there.TrySetResult();
            await Task.Delay(TimeSpan.FromMilliseconds(100), time);
            Interlocked.Decrement(ref now);
            return FakeCluster.Answer;
        });
        // The clock stands still until all callers are there.
        await there.Task.WaitAsync(Patience);
        await AdvanceUntil(() => running.IsCompleted, 2 * Second);
        var report = await running;
        Assert.Equal(3, most);
        Assert.Equal(("closed", 3, 3), (report.Loop, report.PeakInFlight, report.Concurrency));
        Assert.InRange(report.Answered, 3, 30);
    }

    [Fact]
    public async Task CancellationEndsItAtOnce()
    {
        using var stop = new CancellationTokenSource();
        var there = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = new LoadGenerator(
            LoadPlan.Closed(2, Second), async (_, token) =>
            {
                requests.Enqueue(default);
                if (requests.Count == 2) there.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, time, token);
                return FakeCluster.Answer;
            }, time).RunAsync(stop.Token);
        await there.Task.WaitAsync(Patience);
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
        if (drive) await AdvanceUntil(() => running.IsCompleted, plan.Duration);
        return await running;
    }

    // The clock moves in steps until the condition holds, but not beyond a time; real time only bounds the test.
    private async Task AdvanceUntil(Func<bool> condition, TimeSpan most)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            if (time.GetUtcNow() - time.Start < most) time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }
    }
}
