using FewShotCluster.Demo.World;

namespace FewShotCluster.Demo.Tests.World;

public class RandomNumbers
{
    [Fact]
    public void The_sequence_is_SplitMix64()
    {
        // Java's SplittableRandom and the reference C code give 0xE220A8397B1DCDAF first for state 0; mixing maps the seed 0 to it.
        var random = new WorldRandom(0);
        Assert.Equal(0xE220A8397B1DCDAFUL, random.NextUInt64());
        Assert.Equal(0x6E789E6AA1B965F4UL, random.NextUInt64());
        Assert.Equal(0x06C45D188009454FUL, random.NextUInt64());
    }

    [Fact]
    public void Numbers_have_the_distributions_they_claim()
    {
        var random = new WorldRandom(11);
        var gaussian = Enumerable.Range(0, 40_000).Select(_ => random.Gaussian(3, 2)).ToList();
        Assert.InRange(gaussian.Average(), 2.95, 3.05);
        Assert.InRange(gaussian.Average(value => Math.Pow(value - 3, 2)), 3.8, 4.2);
        var counts = Enumerable.Range(0, 40_000).Select(_ => random.Integer(-1, 2)).CountBy(value => value).ToDictionary();
        Assert.Equal([-1, 0, 1, 2], counts.Keys.Order());
        Assert.All(counts.Values, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Fact]
    public void Shuffling_keeps_every_item()
    {
        int[] items = [.. Enumerable.Range(0, 100)];
        new WorldRandom(1).Shuffle(items.AsSpan());
        Assert.NotEqual(Enumerable.Range(0, 100), items);
        Assert.Equal(Enumerable.Range(0, 100), items.Order());
    }
}
