using FewShotCluster.Load;

namespace FewShotCluster.Bench.Cluster;

/// <summary>Answers over time.</summary>
internal static class Throughput
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);
    private const int Steady = 4; // windows
    private const double Share = 0.9;

    /// <summary>
    /// The time from an event until answers come at 90 % of the offered rate in every half second of two seconds (one request less for the
    /// window's edges); 0 where it made no difference, null where they never do again.
    /// </summary>
    /// <param name="samples">Of the whole load.</param>
    /// <param name="happened">When it happened, since the start of the load.</param>
    /// <param name="end">Of the sending; windows beyond it are not looked at.</param>
    /// <param name="rate">Requests a second that were sent.</param>
    public static TimeSpan? BackAfter(IEnumerable<LoadSample> samples, TimeSpan happened, TimeSpan end, double rate)
    {
        var windows = new int[Math.Max(0, (int)((end - happened) / Window))];
        foreach (var sample in samples)
        {
            var window = (int)Math.Floor((sample.Done - happened) / Window);
            if (sample.Answer is not null && window >= 0 && window < windows.Length) windows[window]++;
        }
        var wanted = (Share * rate * Window.TotalSeconds) - 1;
        for (var first = 0; first + Steady <= windows.Length; first++)
            if (windows.Skip(first).Take(Steady).All(answers => answers >= wanted)) return first * Window;
        return null;
    }
}
