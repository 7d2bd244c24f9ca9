using FewShotCluster.Demo.Classes;

namespace FewShotCluster.Demo.Tests.Classes;

public class SeedRangeTests
{
    [Fact]
    public void Purposes_have_disjoint_ranges_of_integers()
    {
        var ranges = Enum.GetValues<Purpose>()
            .Select(purpose => (
                First: SeedRanges.Seed(purpose, 0, 0, 0),
                Last: SeedRanges.Seed(purpose, SeedRanges.MaxDraw, SeedRanges.MaxClass, SeedRanges.MaxPicture)))
            .OrderBy(range => range.First)
            .ToList();
        Assert.All(ranges, range => Assert.True(range.First < range.Last));
        Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.True(pair.First.Last < pair.Second.First));
    }

    [Fact]
    public void Seeds_within_a_purpose_are_distinct()
    {
        var seeds = from draw in (int[])[0, 1, SeedRanges.MaxDraw]
                    from demoClass in (int[])[0, 1, 102, SeedRanges.MaxClass]
                    from picture in (int[])[0, 1, 31_999, SeedRanges.MaxPicture]
                    select SeedRanges.Seed(Purpose.Test, draw, demoClass, picture);
        Assert.Equal(48, seeds.Distinct().Count());
    }

    [Theory]
    [InlineData(-1, 0, 0)]
    [InlineData(SeedRanges.MaxDraw + 1, 0, 0)]
    [InlineData(0, SeedRanges.MaxClass + 1, 0)]
    [InlineData(0, 0, SeedRanges.MaxPicture + 1)]
    public void Numbers_that_would_leave_the_range_are_refused(int draw, int demoClass, int picture) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SeedRanges.Seed(Purpose.Pool, draw, demoClass, picture));
}
