using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Tests.Calls;

public class RetryTests
{
    private static readonly byte[] Image = [1, 2, 3];

    public static TheoryData<Exception> Transient => new()
    {
        new SiloUnavailableException("gone"),
        new TimeoutException("late"),
        new OperationCanceledException("the node stops"),
        new GatewayTooBusyException("busy"),
        new OrleansException("No active nodes are compatible with grain encoder/x and interface y"),
        FakeCluster.Overloaded(),
        new FewShotException(FewShotErrorCode.DeviceUnavailable, "no device"),
        new FewShotException(FewShotErrorCode.StorageUnavailable, "locked"),
    };

    [Theory]
    [MemberData(nameof(Transient), DisableDiscoveryEnumeration = true)]
    public async Task TransientFailuresAreRepeated(Exception failure)
    {
        var cluster = new FakeCluster();
        cluster.OnClassify = (_, _) => cluster.Classified.Count < 3 ? Task.FromException<ClassificationAnswer>(failure) : Task.FromResult(FakeCluster.Answer);
        await using var client = cluster.Client();
        Assert.Same(FakeCluster.Answer, await cluster.Finish(client.ClassifyAsync("pets", Image)));
        Assert.Equal(3, cluster.Classified.Count);
    }

    [Theory]
    [InlineData(FewShotErrorCode.InvalidImage)]
    [InlineData(FewShotErrorCode.ClassSetNotFound)]
    [InlineData(FewShotErrorCode.VersionNotReached)]
    [InlineData(FewShotErrorCode.Conflict)]
    public async Task OtherFailuresAreNot(FewShotErrorCode code)
    {
        var cluster = new FakeCluster { OnClassify = (_, _) => throw new FewShotException(code, "no") };
        await using var client = cluster.Client();
        var error = await Assert.ThrowsAsync<FewShotException>(() => cluster.Finish(client.ClassifyAsync("pets", Image)));
        Assert.Equal(code, error.Code);
        Assert.Single(cluster.Classified);
    }

    [Fact]
    public async Task AWriteIsRepeatedUnderTheSameOperationId()
    {
        var cluster = new FakeCluster();
        cluster.OnWrite = () => cluster.Operations.Count < 3 ? throw new SiloUnavailableException("gone") : Task.FromResult(new ClassSetVersion("pets", 4));
        await using var client = cluster.Client();
        var version = await cluster.Finish(client.AddClassesAsync("pets", [new ClassDefinition("cat")]));
        Assert.Equal(4, version.Version);
        Assert.Equal(3, cluster.Operations.Count);
        Assert.Single(cluster.Operations.Distinct());
        Assert.True(Guid.TryParse(cluster.Operations[0], out _));
    }

    [Fact]
    public async Task TheCallersOperationIdIsKept()
    {
        var cluster = new FakeCluster();
        await using var client = cluster.Client();
        await client.CreateClassSetAsync("pets", new ClassSetDefinition { Classes = [] }, "deploy-17");
        Assert.Equal(["deploy-17"], cluster.Operations);
    }

    [Fact]
    public async Task OverloadedWaitsAsLongAsAsked()
    {
        var cluster = new FakeCluster();
        var start = cluster.Time.GetUtcNow();
        var second = TimeSpan.Zero;
        cluster.OnClassify = (_, _) =>
        {
            if (cluster.Classified.Count == 1) throw FakeCluster.Overloaded(TimeSpan.FromSeconds(3));
            second = cluster.Time.GetUtcNow() - start;
            return Task.FromResult(FakeCluster.Answer);
        };
        await using var client = cluster.Client();
        await cluster.Finish(client.ClassifyAsync("pets", Image));
        Assert.True(second >= TimeSpan.FromSeconds(3), $"tried again after {second}");
    }

    [Fact]
    public async Task AnAskedWaitBeyondTheDeadlineIsNotBegun()
    {
        var cluster = new FakeCluster { OnClassify = (_, _) => throw FakeCluster.Overloaded(TimeSpan.FromSeconds(5)) };
        await using var client = cluster.Client();
        var error = await Assert.ThrowsAsync<FewShotException>(
            () => client.ClassifyAsync("pets", Image, new ClassifyOptions { Deadline = TimeSpan.FromSeconds(1) }));
        Assert.Equal(FewShotErrorCode.Overloaded, error.Code);
        Assert.Equal(TimeSpan.FromSeconds(5), error.RetryAfter);
    }

    [Fact]
    public async Task TheDeadlineEndsTheRepetitionsAndTheMessageNamesTheLastFailure()
    {
        var cluster = new FakeCluster { OnClassify = (_, _) => throw new SiloUnavailableException("node-a is gone") };
        await using var client = cluster.Client(o => o.MaxRetries = 20);
        var error = await Assert.ThrowsAsync<FewShotException>(
            () => cluster.Finish(client.ClassifyAsync("pets", Image, new ClassifyOptions { Deadline = TimeSpan.FromSeconds(2) })));
        Assert.Equal(FewShotErrorCode.DeadlineExceeded, error.Code);
        Assert.Contains("node-a is gone", error.Message);
        Assert.Contains("gateway fake:1", error.Message);
    }

    [Fact]
    public async Task AnAttemptWithoutAnswerCountsAsLost()
    {
        var cluster = new FakeCluster();
        cluster.OnClassify = (_, _) => cluster.Classified.Count == 1 ? new TaskCompletionSource<ClassificationAnswer>().Task : Task.FromResult(FakeCluster.Answer);
        await using var client = cluster.Client(o => o.AttemptTimeout = TimeSpan.FromSeconds(2));
        await cluster.Finish(client.ClassifyAsync("pets", Image), TimeSpan.FromMilliseconds(500));
        Assert.Equal(2, cluster.Classified.Count);
    }

    [Fact]
    public async Task ACallUnderWayWhenANodeIsLostIsRepeatedAndNotCancelled()
    {
        using var loss = new CancellationTokenSource();
        var cluster = new FakeCluster { NextLoss = loss.Token };
        var sent = new TaskCompletionSource<CancellationToken>();
        cluster.OnClassify = (_, token) =>
        {
            if (!sent.TrySetResult(token)) return Task.FromResult(FakeCluster.Answer);
            return new TaskCompletionSource<ClassificationAnswer>().Task;
        };
        await using var client = cluster.Client();
        var call = client.ClassifyAsync("pets", Image);
        var first = await sent.Task;
        cluster.NextLoss = default;
        await loss.CancelAsync();
        Assert.Same(FakeCluster.Answer, await cluster.Finish(call));
        Assert.Equal(2, cluster.Classified.Count);
        Assert.False(first.IsCancellationRequested);
    }

    [Fact]
    public async Task EachAttemptTellsTheTimeThatIsLeft()
    {
        var cluster = new FakeCluster();
        cluster.OnClassify = (_, _) => cluster.Classified.Count == 1 ? throw FakeCluster.Overloaded(TimeSpan.FromSeconds(3)) : Task.FromResult(FakeCluster.Answer);
        await using var client = cluster.Client();
        await cluster.Finish(client.ClassifyAsync("pets", Image, new ClassifyOptions { Deadline = TimeSpan.FromSeconds(10) }));
        Assert.Equal(TimeSpan.FromSeconds(10), cluster.Classified[0].Deadline);
        Assert.True(cluster.Classified[1].Deadline <= TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task TheCallersCancellationIsACancellation()
    {
        var cluster = new FakeCluster { OnClassify = (_, token) => Task.Delay(Timeout.Infinite, token).ContinueWith(_ => FakeCluster.Answer, token) };
        await using var client = cluster.Client();
        using var stop = new CancellationTokenSource();
        var call = client.ClassifyAsync("pets", Image, cancellationToken: stop.Token);
        await stop.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(stop.Token, error.CancellationToken);
    }

    [Fact]
    public async Task TheBudgetBoundsRepetitionsOverAllCalls()
    {
        var cluster = new FakeCluster { OnClassify = (_, _) => throw new SiloUnavailableException("gone") };
        await using var client = cluster.Client(o => o.RetryBudget = 0.1);
        const int calls = 100;
        for (var i = 0; i < calls; i++)
            await Assert.ThrowsAsync<FewShotException>(() => cluster.Finish(client.ClassifyAsync("pets", Image), TimeSpan.FromSeconds(1)));
        // The full bucket of 20 and a tenth of a repetition per call.
        Assert.InRange(cluster.Classified.Count, calls + 20, calls + 30);
    }

    [Fact]
    public async Task NoRetriesMeansOneAttempt()
    {
        var cluster = new FakeCluster { OnClassify = (_, _) => throw new SiloUnavailableException("gone") };
        await using var client = cluster.Client(o => o.MaxRetries = 0);
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.ClassifyAsync("pets", Image));
        Assert.Equal(FewShotErrorCode.DeviceUnavailable, error.Code);
        Assert.Single(cluster.Classified);
    }

    [Fact]
    public async Task UnknownFailuresAreInternalAndKeepTheirCause()
    {
        var cause = new InvalidDataException("odd");
        var cluster = new FakeCluster { OnClassify = (_, _) => throw cause };
        await using var client = cluster.Client();
        var error = await Assert.ThrowsAsync<FewShotException>(() => client.ClassifyAsync("pets", Image));
        Assert.Equal(FewShotErrorCode.Internal, error.Code);
        Assert.Same(cause, error.InnerException);
    }

    [Fact]
    public async Task AGatewayThatComesBackIsConnectedTo()
    {
        var cluster = new FakeCluster();
        cluster.OnConnect = _ => cluster.Connects < 3 ? throw new FewShotException(FewShotErrorCode.DeviceUnavailable, "refused") : Task.CompletedTask;
        await using var client = cluster.Client();
        await cluster.Finish(client.ClassifyAsync("pets", Image));
        Assert.Equal(3, cluster.Connects);
    }
}
