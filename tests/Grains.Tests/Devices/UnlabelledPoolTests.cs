using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Devices;
using Microsoft.Extensions.Time.Testing;

namespace FewShotCluster.Grains.Tests.Devices;

public sealed class UnlabelledPoolTests
{
    private static readonly EncoderInfo Info = new("toy", "digest", 1, 1, 1);

    [Fact]
    public void Images_are_kept_once_bounded_and_read_in_order_of_their_keys()
    {
        var pool = new UnlabelledPool(new PoolLimits(50, 50, TimeSpan.FromHours(1)), seed: 1, TimeProvider.System);
        for (var round = 0; round < 2; round++)
            for (var i = 0; i < 40; i++) Offer(pool, i);
        Assert.Equal(40, pool.Read(0, 1).Total);
        for (var i = 0; i < 1000; i++) Offer(pool, i);

        var chunks = new[] { pool.Read(0, 30), pool.Read(30, 30), pool.Read(60, 30) };
        Assert.Equal([30, 20, 0], chunks.Select(chunk => chunk.Keys.Length));
        var keys = chunks.SelectMany(chunk => chunk.Keys).ToArray();
        Assert.Equal(keys.OrderBy(key => key.ToString(), StringComparer.Ordinal), keys);
        Assert.Equal(50, keys.Distinct().Count());
        // A uniform sample of 1000: nearly all of it came after the first fifty.
        Assert.InRange(keys.Count(key => Number(chunks, key) >= 50), 35, 50);
    }

    [Fact]
    public void A_class_that_floods_keeps_a_sample_that_stands_for_all_and_pushes_no_other_out()
    {
        var pool = new UnlabelledPool(new PoolLimits(100, 20, TimeSpan.FromHours(1)), seed: 1, TimeProvider.System);
        for (var i = 0; i < 10; i++) Offer(pool, i, predicted: 0);
        for (var i = 1000; i < 3000; i++) Offer(pool, i, predicted: 1);
        var all = pool.Read(0, 100);
        Assert.Equal(30, all.Total);
        Assert.Equal(10, all.Weights.Count(weight => weight == 1));
        Assert.Equal(2000, all.Weights.Where(weight => weight > 1).Sum(), 1e-6);

        var small = new UnlabelledPool(new PoolLimits(24, 20, TimeSpan.FromHours(1)), seed: 1, TimeProvider.System);
        for (var i = 0; i < 20; i++) Offer(small, i, predicted: 0);
        for (var i = 100; i < 112; i++) Offer(small, i, predicted: 1);
        var shared = small.Read(0, 100);
        Assert.Equal(24, shared.Total);
        // The larger stratum gave way.
        Assert.Equal(12, shared.Keys.Count(key => Number([shared], key) < 100));
        Assert.Equal(32, shared.Weights.Sum(), 1e-6);
    }

    [Fact]
    public void Images_leave_when_their_time_is_over_and_may_come_again()
    {
        var time = new FakeTimeProvider();
        var pool = new UnlabelledPool(new PoolLimits(100, 20, TimeSpan.FromHours(1)), seed: 1, time);
        Offer(pool, 1);
        time.Advance(TimeSpan.FromMinutes(40));
        Offer(pool, 2);
        Offer(pool, 1);
        time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(1, pool.Count);
        Offer(pool, 1);
        Assert.Equal([1, 1], pool.Read(0, 9).Weights);
        time.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal([1f], pool.Read(0, 9).Encoders[0].Values.AsFloats().ToArray());
    }

    private static void Offer(UnlabelledPool pool, int number, int predicted = 0) =>
        pool.Offer(ContentKey.Of(BitConverter.GetBytes(number)), [new EncoderFeatures(Info, FloatBytes.From([number]))], predicted);

    private static float Number(PoolChunk[] chunks, ContentKey key)
    {
        var chunk = chunks.First(c => c.Keys.Contains(key));
        var value = chunk.Encoders[0].Values.AsFloats()[Array.IndexOf(chunk.Keys, key)];
        Assert.Equal(key, ContentKey.Of(BitConverter.GetBytes((int)value)));
        return value;
    }
}
