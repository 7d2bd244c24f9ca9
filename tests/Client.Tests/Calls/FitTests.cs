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

    private sealed class Reporting(Action<FitStatus> report) : IProgress<FitStatus>
    {
        public void Report(FitStatus value) => report(value);
    }
}
