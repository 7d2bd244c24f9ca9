using FewShotCluster.Grains.Devices;

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
}
