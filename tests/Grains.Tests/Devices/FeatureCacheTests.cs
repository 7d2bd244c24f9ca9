using System.Diagnostics.Metrics;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Metrics;
using FewShotCluster.Grains.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace FewShotCluster.Grains.Tests.Devices;

public sealed class FeatureCacheTests : IDisposable
{
    private const int Entry = 4096;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterReadings _readings;
    private readonly FeatureCache<byte[]> _cache;

    public FeatureCacheTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _readings = new MeterReadings(meters);
        _cache = new FeatureCache<byte[]>("image", 1 << 20, Entry, new FewShotMetrics(meters));
    }

    [Fact]
    public async Task Its_entries_stay_within_its_bytes()
    {
        for (var i = 0; i < 1000; i++) await _cache.Compute(Key(i), _ => Task.FromResult(new byte[Entry]), default);
        var kept = Enumerable.Range(0, 1000).Count(i => _cache.Peek(Key(i)) is not null);
        Assert.InRange(kept * Entry, (1 << 20) / 2, 1 << 20);
    }

    [Fact]
    public async Task A_failure_is_not_kept_and_hits_and_misses_are_metered()
    {
        var key = Key(1);
        Assert.False(_cache.TryGet(key, out _));
        await Expect.Error(
            FewShotErrorCode.DeviceUnavailable,
            () => _cache.Compute(key, _ => throw new FewShotException(FewShotErrorCode.DeviceUnavailable, "down"), default));
        Assert.Null(_cache.Peek(key));
        await _cache.Compute(key, _ => Task.FromResult(new byte[Entry]), default);
        Assert.True(_cache.TryGet(key, out _));
        Assert.Equal((1, 2, 0), (_cache.Hits, _cache.Misses, _cache.Flights));
        Assert.Equal(3, _readings.Sum("fewshot.cache.lookups"));
    }

    [Fact]
    public async Task A_caller_who_comes_when_the_flight_is_over_finds_what_it_left()
    {
        var computed = 0;
        await _cache.Compute(Key(1), Compute, default);
        // It looked before the flight had stored, and asks after: nothing is computed twice.
        await _cache.Compute(Key(1), Compute, default);
        Assert.Equal(1, computed);

        Task<byte[]> Compute(CancellationToken cancellationToken)
        {
            computed++;
            return Task.FromResult(new byte[Entry]);
        }
    }

    [Fact]
    public async Task The_first_callers_leaving_does_not_fail_the_others_and_the_last_ones_ends_the_work()
    {
        var gate = new TaskCompletionSource();
        using var first = new CancellationTokenSource();
        var impatient = _cache.Compute(Key(1), Compute, first.Token);
        var patient = _cache.Compute(Key(1), Compute, default);
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        gate.SetResult();
        Assert.Equal(Entry, (await patient).Length);
        Assert.NotNull(_cache.Peek(Key(1)));

        async Task<byte[]> Compute(CancellationToken cancellationToken)
        {
            await gate.Task.WaitAsync(cancellationToken);
            return new byte[Entry];
        }
    }

    public void Dispose()
    {
        _readings.Dispose();
        _services.Dispose();
    }

    private static FeatureKey Key(int number) => new(ContentKey.Of(BitConverter.GetBytes(number)), "digest");
}
