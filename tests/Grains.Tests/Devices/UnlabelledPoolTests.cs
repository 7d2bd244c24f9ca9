using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Devices;

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
