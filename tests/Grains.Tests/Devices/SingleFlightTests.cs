using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Tests.Fakes;

namespace FewShotCluster.Grains.Tests.Devices;

public sealed class SingleFlightTests
{
    private readonly SingleFlight<int, string> _flights = new();

    [Fact]
    public async Task Concurrent_callers_share_one_computation_and_later_ones_get_a_new_one()
    {
        var computed = 0;
        var gate = new TaskCompletionSource();
        var callers = Enumerable.Range(0, 10).Select(_ => _flights.Run(1, Compute, default)).ToArray();
        gate.SetResult();
        Assert.All(await Task.WhenAll(callers), value => Assert.Equal("one", value));
        Assert.Equal(1, computed);
        await _flights.Run(1, Compute, default);
        Assert.Equal(2, computed);

        async Task<string> Compute(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref computed);
            await gate.Task.WaitAsync(cancellationToken);
            return "one";
        }
    }

    [Fact]
    public async Task A_computation_is_cancelled_with_its_last_caller_only()
    {
        using var impatient = new CancellationTokenSource();
        using var patient = new CancellationTokenSource();
        var cancelled = new TaskCompletionSource();
        var first = _flights.Run(1, Forever, impatient.Token);
        var second = _flights.Run(1, Forever, patient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(cancelled.Task.IsCompleted);
        await patient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await cancelled.Task;

        async Task<string> Forever(CancellationToken cancellationToken)
        {
            using var registration = cancellationToken.Register(cancelled.SetResult);
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return "never";
        }
    }

    [Theory]
    [InlineData(FewShotErrorCode.DeadlineExceeded)]
    [InlineData(FewShotErrorCode.Overloaded)]
    public async Task A_refusal_for_the_first_callers_deadline_is_not_the_others(FewShotErrorCode code)
    {
        var gate = new TaskCompletionSource();
        var computed = 0;
        var hurried = _flights.Run(1, Refused, default);
        var others = Enumerable.Range(0, 5).Select(_ => _flights.Run(1, Granted, default)).ToArray();
        gate.SetResult();
        await Expect.Error(code, () => hurried);
        Assert.All(await Task.WhenAll(others), value => Assert.Equal("one", value));
        Assert.InRange(computed, 1, 5);
        Assert.Equal(0, _flights.Count);

        async Task<string> Refused(CancellationToken cancellationToken)
        {
            await gate.Task;
            throw new FewShotException(code, "no time");
        }

        Task<string> Granted(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref computed);
            return Task.FromResult("one");
        }
    }

    [Fact]
    public async Task Any_other_failure_is_everybodys_who_waited_and_nobodys_after()
    {
        var gate = new TaskCompletionSource();
        var callers = Enumerable.Range(0, 5).Select(_ => _flights.Run(1, Fail, default)).ToArray();
        gate.SetResult();
        foreach (var caller in callers) await Assert.ThrowsAsync<InvalidOperationException>(() => caller);
        Assert.Equal(0, _flights.Count);
        Assert.Equal("two", await _flights.Run(1, _ => Task.FromResult("two"), default));

        async Task<string> Fail(CancellationToken cancellationToken)
        {
            await gate.Task;
            throw new InvalidOperationException("broken");
        }
    }
}
