using FewShotCluster.Bench.Measurement;
using Microsoft.Extensions.Time.Testing;

namespace FewShotCluster.Bench.Tests.Measurement;

/// <summary>Rounds on a clock that moves only when a variant runs, with neighbours by script.</summary>
public sealed class InterleavedTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly DateTimeOffset start;
    private readonly List<string> calls = [];
    private TimeSpan neighbours;
    private TimeSpan waited;

    public InterleavedTests() => start = clock.GetUtcNow();

    [Fact]
    public void Medians_and_ratios_are_of_rounds_of_equal_luck()
    {
        var round = 0;
        // The machine gets slower from round to round: ratios must not see it.
        var result = Interleaved(rounds: 5).Run(
            [Takes("slow", () => 600 + 60 * ++round), Takes("fast", () => 300 + 30 * round)], against: "slow");

        Assert.Equal((5, 5), (result.QuietRounds, result.Rounds));
        Assert.Equal(2, result["fast"].Ratio.Median, 6);
        Assert.Equal(1, result["slow"].Ratio.Low, 6);
        Assert.True(result["fast"].Milliseconds.Low < result["fast"].Milliseconds.High);
    }

    [Fact]
    public void Rounds_with_a_busy_neighbour_do_not_count()
    {
        var call = 0;
        var result = Interleaved(rounds: 4).Run([Takes("only", () =>
        {
            var disturbed = ++call % 2 == 0;
            if (disturbed) neighbours += TimeSpan.FromMilliseconds(200);
            return disturbed ? 900 : 400;
        })], against: "only");

        Assert.Equal(4, result.QuietRounds);
        Assert.True(result.Rounds > 4);
        Assert.Equal(400, result["only"].Milliseconds.High, 6);
    }

    [Fact]
    public void Waiting_for_the_processor_is_not_quiet()
    {
        var result = Interleaved(rounds: 2, limitSeconds: 3).Run([Takes("only", () =>
        {
            waited += TimeSpan.FromMilliseconds(100);
            return 400;
        })], against: "only");

        Assert.Equal(0, result.QuietRounds);
    }

    [Fact]
    public void A_machine_that_is_never_quiet_gives_its_quietest_rounds()
    {
        var disturbance = 0;
        var result = Interleaved(rounds: 2, limitSeconds: 5).Run([Takes("only", () =>
        {
            disturbance++;
            neighbours += TimeSpan.FromMilliseconds(100 * disturbance);
            return 400 + 10 * disturbance;
        })], against: "only");

        Assert.Equal(0, result.QuietRounds);
        Assert.InRange(result.Rounds, 3, 20);
        // The first call warms up; the two after it are the quietest.
        Assert.Equal(425, result["only"].Milliseconds.Median, 6);
    }

    [Fact]
    public void Short_calls_are_repeated_and_the_first_of_a_turn_is_left_out()
    {
        var result = Interleaved(rounds: 3).Run(
            [Takes("first is slow", () => calls is [.., "first is slow"] ? 10 : 50), Takes("other", () => 300)], against: "other");

        Assert.Equal(10, result["first is slow"].Milliseconds.High, 6);
    }

    [Fact]
    public void Turns_alternate()
    {
        Interleaved(rounds: 2).Run([Takes("a", () => 300), Takes("b", () => 300)], against: "a");

        Assert.Equal(["a", "b", /* warm */ "a", "b", "b", "a"], calls);
    }

    [Fact]
    public void Unknown_opponents_and_cancellation_are_refused()
    {
        var variant = Takes("a", () => 300);
        Assert.Throws<ArgumentException>(() => Interleaved(rounds: 2).Run([variant], against: "b"));
        Assert.Throws<OperationCanceledException>(() => Interleaved(rounds: 2).Run([variant], "a", new CancellationToken(canceled: true)));
    }

    private Interleaved Interleaved(int rounds, int limitSeconds = 600) => new(clock, Used)
    {
        Rounds = rounds,
        Limit = TimeSpan.FromSeconds(limitSeconds),
    };

    private Variant Takes(string name, Func<double> milliseconds) => new(name, () =>
    {
        clock.Advance(TimeSpan.FromMilliseconds(milliseconds()));
        calls.Add(name);
    });

    // This process works whenever the clock moves, unless it waits.
    private ProcessorTime Used()
    {
        var own = clock.GetUtcNow() - start - waited;
        return new ProcessorTime(own, own + neighbours);
    }
}
