using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Tests.Devices;

public sealed class BatchTimesTests
{
    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(8, new[] { 1, 2, 4, 8 })]
    [InlineData(12, new[] { 1, 2, 4, 8, 12 })]
    public void Buckets_double_up_to_the_largest_batch(int maxBatch, int[] buckets) => Assert.Equal(buckets, new BatchTimes(maxBatch).Buckets);

    [Fact]
    public void A_size_that_was_not_met_counts_in_proportion_to_the_nearest()
    {
        var times = new BatchTimes(8);
        Assert.Equal(0, times.Of(WorkKind.Image, 8));
        times.Record(WorkKind.Image, 2, 0.010);
        Assert.Equal([0.010, 0.010, 0.040], new[] { 1, 2, 8 }.Select(size => times.Of(WorkKind.Image, size)));
        Assert.Equal(0, times.Of(WorkKind.Text, 2));
    }

    [Fact]
    public void One_stall_counts_little_and_a_lasting_change_is_learned()
    {
        var times = new BatchTimes(1);
        times.Record(WorkKind.Image, 1, 0.010);
        times.Record(WorkKind.Image, 1, 60);
        Assert.InRange(times.Of(WorkKind.Image, 1), 0.010, 0.015);
        for (var i = 0; i < 30; i++) times.Record(WorkKind.Image, 1, 0.100);
        Assert.InRange(times.Of(WorkKind.Image, 1), 0.095, 0.1);
    }

    [Fact]
    public void A_batch_is_padded_where_that_answers_more_items_a_second_and_split_where_not()
    {
        var flat = new BatchTimes(8);
        var linear = new BatchTimes(8);
        foreach (var size in flat.Buckets)
        {
            flat.Record(WorkKind.Image, size, 0.010);
            linear.Record(WorkKind.Image, size, 0.010 * size);
        }
        Assert.Equal((5, 4), (flat.Take(WorkKind.Image, 5), linear.Take(WorkKind.Image, 5)));
        Assert.Equal((4, 4), (flat.Take(WorkKind.Image, 4), linear.Take(WorkKind.Image, 4)));
        Assert.Equal((8, 8), (flat.Take(WorkKind.Image, 50), linear.Take(WorkKind.Image, 50)));
        Assert.Equal(0.010 / 8, flat.PerItem(WorkKind.Image), 9);
    }
}
