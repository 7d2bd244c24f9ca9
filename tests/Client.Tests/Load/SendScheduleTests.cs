using FewShotCluster.Load;

namespace FewShotCluster.Client.Tests.Load;

public class SendScheduleTests
{
    [Theory]
    [InlineData(10, 1, 10)]
    [InlineData(0.5, 1, 1)]
    [InlineData(3, 0.5, 2)]
    [InlineData(1000.0 / 3, 3, 1000)]
    public void NoRequestIsDueAtOrAfterTheEnd(double rate, double seconds, long count)
    {
        var schedule = new SendSchedule(rate, TimeSpan.FromSeconds(seconds));
        Assert.Equal(count, schedule.Count);
        Assert.True(schedule.Intended(count - 1).TotalSeconds < seconds);
        Assert.Equal(count, schedule.Due(TimeSpan.FromHours(1)));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(300)]
    [InlineData(12_345.678)]
    public void RequestIIsDueFromITimesTheIntervalOn(double rate)
    {
        var schedule = new SendSchedule(rate, TimeSpan.FromSeconds(2));
        Assert.Equal(0, schedule.Due(TimeSpan.FromTicks(-1)));
        for (var i = 0L; i < schedule.Count; i++)
        {
            var at = schedule.Intended(i);
            Assert.Equal(i / rate, at.TotalSeconds, 1e-6);
            Assert.Equal(i + 1, schedule.Due(at));
            Assert.Equal(i, schedule.Due(at - TimeSpan.FromTicks(1)));
        }
    }
}
