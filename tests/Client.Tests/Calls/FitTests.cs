using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Calls;

public class FitTests
{
    private static FitStatus Status(FitState state, double progress = 0) => new(FitKind.Shots, state, progress, 0, "because", 1);

    [Fact]
    public async Task WaitsUntilPublishedAndReportsEachPoll()
    {
        var polls = new Queue<FitStatus>([Status(FitState.Running, 0.5), Status(FitState.Published, 1)]);
        var cluster = new FakeCluster { OnStartFit = () => Status(FitState.Running), OnWaitForFit = polls.Dequeue };
        await using var client = cluster.Client();
        var reported = new List<double>();
        var status = await client.FitAsync("pets", new Reporting(s => reported.Add(s.Progress)));
        Assert.Equal(FitState.Published, status.State);
        Assert.Equal([0, 0.5, 1], reported);
    }

    [Fact]
    public async Task ARefusalIsAnAnswer()
    {
        await using var client = new FakeCluster { OnStartFit = () => Status(FitState.Refused) }.Client();
        Assert.Equal("because", (await client.RefineAsync("pets")).Reason);
    }

    [Fact]
    public async Task AFailureIsThrownWithItsReason()
    {
        await using var client = new FakeCluster { OnStartFit = () => Status(FitState.Running), OnWaitForFit = () => Status(FitState.Failed) }.Client();
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.FitAsync("pets"));
        Assert.Equal(FewShotErrorCode.Internal, error.Code);
        Assert.Contains("because", error.Message);
    }

    [Fact]
    public async Task AFitThatARestartForgotIsStartedAgainButNotForEver()
    {
        var starts = 0;
        var cluster = new FakeCluster
        {
            OnStartFit = () =>
            {
                starts++;
                return Status(FitState.Running);
            },
            OnWaitForFit = () => Status(FitState.None),
        };
        await using var client = cluster.Client();
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.FitAsync("pets"));
        Assert.Equal(FewShotErrorCode.DeviceUnavailable, error.Code);
        Assert.Equal(3, starts);
    }

    [Fact]
    public async Task ValidationPhotosGoFirstInCallsUnderOneKeyAndAgainWhenTheFitWasLost()
    {
        var polls = new Queue<FitStatus>([Status(FitState.Queued), Status(FitState.None), Status(FitState.Published, 1)]);
        var cluster = new FakeCluster { OnStartFit = () => Status(FitState.Running), OnWaitForFit = polls.Dequeue };
        await using var client = cluster.Client();
        var photos = Enumerable.Range(0, 70).Select(i => new Shot($"{i}", 0, new byte[1])).Append(new Shot("large", 0, new byte[PayloadLimits.MaxPayloadBytes + 1]));
        var failed = new List<FailedInput>();
        var options = new FitOptions { Preset = FitPreset.Seed, Validation = photos.ToAsyncEnumerable(), ValidationFailed = failed.Add };
        Assert.Equal(FitState.Published, (await client.FitAsync("pets", options)).State);
        Assert.Equal([64, 6, 64, 6], cluster.Staged.Select(call => call.Count));
        var key = Assert.Single(cluster.Staged.Select(call => call.Key).Distinct());
        Assert.Equal([new FitRequest(FitKind.Shots, FitPreset.Seed, key), new FitRequest(FitKind.Shots, FitPreset.Seed, key)], cluster.FitRequests);
        Assert.All(failed, one => Assert.Equal(("large", FewShotErrorCode.ImageTooLarge), (one.Source, one.Code)));
    }

    [Fact]
    public async Task ACancelledFitIsAnAnswerAndCancellingWaitsForTheEnd()
    {
        var polls = new Queue<FitStatus>([Status(FitState.Running), Status(FitState.Cancelled)]);
        await using var cancelled = new FakeCluster { OnWaitForFit = polls.Dequeue }.Client();
        Assert.Equal(FitState.Cancelled, (await cancelled.CancelFitAsync("pets", FitKind.Shots)).State);
        await using var fitting = new FakeCluster { OnStartFit = () => Status(FitState.Cancelled) }.Client();
        Assert.Equal(FitState.Cancelled, (await fitting.FitAsync("pets")).State);
    }

    [Fact]
    public async Task AWatchTellsChangesAlone()
    {
        static ClassSetProgress At(long change) =>
            new(change, new ClassSetVersionRecord { Version = change, PublishedAt = default, Operation = "test" }, []);
        var asked = new List<long>();
        var answers = new Queue<long>([1, 1, 2, 2, 5]);
        var cluster = new FakeCluster();
        cluster.OnWatch = change =>
        {
            asked.Add(change);
            return At(answers.Dequeue());
        };
        await using var client = cluster.Client();
        Assert.Equal([1, 2, 5], await client.WatchAsync("pets").Take(3).Select(progress => progress.Change).ToListAsync());
        Assert.Equal([0, 1, 1, 2, 2], asked);
    }

    private sealed class Reporting(Action<FitStatus> report) : IProgress<FitStatus>
    {
        public void Report(FitStatus value) => report(value);
    }
}
