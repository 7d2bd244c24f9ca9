namespace FewShotCluster.Load;

/// <summary>When the requests of an open loop are to go out: request i at i / rate, known before the first answer.</summary>
/// <param name="rate">Requests a second.</param>
/// <param name="duration">No request is due at or after it.</param>
public readonly struct SendSchedule(double rate, TimeSpan duration)
{
    /// <summary>Requests in all.</summary>
    public long Count { get; } = (long)Math.Ceiling(rate * duration.TotalSeconds - 1e-9);

    /// <summary>The intended send time of a request, since the start.</summary>
    public TimeSpan Intended(long index) => TimeSpan.FromTicks((long)Math.Round(index / rate * TimeSpan.TicksPerSecond));

    /// <summary>How many requests should have gone out by now: those whose intended time is not later.</summary>
    public long Due(TimeSpan elapsed)
    {
        if (elapsed < TimeSpan.Zero) return 0;
        var due = Math.Min(Count, (long)(elapsed.TotalSeconds * rate) + 1);
        // A tick is coarser than a double: the two formulas must agree.
        while (due < Count && Intended(due) <= elapsed) due++;
        while (due > 0 && Intended(due - 1) > elapsed) due--;
        return due;
    }
}
