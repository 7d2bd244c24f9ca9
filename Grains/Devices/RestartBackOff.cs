namespace FewShotCluster.Grains.Devices;

/// <summary>How long a failed device rests before its next start: doubled at each failure, short again once it has served for a while.</summary>
internal sealed class RestartBackOff
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    // A device that served this long is cured.
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(1);

    private readonly TimeSpan _first;
    private readonly TimeProvider _time;
    private TimeSpan _next;
    private long _servingSince;

    public RestartBackOff(TimeSpan first, TimeProvider time)
    {
        (_first, _next, _time) = (first, first, time);
        Serving();
    }

    public void Serving() => _servingSince = _time.GetTimestamp();

    /// <summary>The rest after a fault of a serving device.</summary>
    public TimeSpan AfterFault()
    {
        if (_time.GetElapsedTime(_servingSince) >= Healthy) _next = _first;
        return Next();
    }

    /// <summary>The rest after a start that failed, or at once after a fault.</summary>
    public TimeSpan Next()
    {
        var rest = _next;
        _next = TimeSpan.FromTicks(Math.Min(2 * _next.Ticks, Longest.Ticks));
        return rest;
    }
}
