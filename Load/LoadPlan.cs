namespace FewShotCluster.Load;

/// <summary>How load is made: open loop (a rate, whatever the answers do) or closed loop (so many callers, each waiting for its answer).</summary>
public sealed record LoadPlan
{
    private LoadPlan(double? rate, int? concurrency, TimeSpan duration)
    {
        if (rate is { } given && !(given > 0 && double.IsFinite(given))) throw new ArgumentOutOfRangeException(nameof(rate), "must be positive");
        if (concurrency < 1) throw new ArgumentOutOfRangeException(nameof(concurrency), "must be at least 1");
        if (duration <= TimeSpan.Zero) throw new ArgumentOutOfRangeException(nameof(duration), "must be positive");
        (Rate, Concurrency, Duration) = (rate, concurrency, duration);
    }

    /// <summary>Requests a second of the open loop; null: closed loop.</summary>
    public double? Rate { get; }

    /// <summary>Callers of the closed loop; null: open loop.</summary>
    public int? Concurrency { get; }

    /// <summary>How long requests are sent; what is in flight then is waited for.</summary>
    public TimeSpan Duration { get; }

    /// <summary>An answer counts as goodput up to this time after its intended send time, and is asked for no longer; null: none.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Requests in flight beyond which the open loop leaves requests out, and says how many: a bound on memory, not on load.</summary>
    public int MaxInFlight { get; init; } = 10_000;

    /// <param name="rate">Requests a second.</param>
    /// <param name="duration">How long.</param>
    public static LoadPlan Open(double rate, TimeSpan duration) => new(rate, null, duration);

    /// <param name="concurrency">Callers.</param>
    /// <param name="duration">How long.</param>
    public static LoadPlan Closed(int concurrency, TimeSpan duration) => new(null, concurrency, duration);
}
