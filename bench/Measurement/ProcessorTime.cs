using System.Globalization;

namespace FewShotCluster.Bench.Measurement;

/// <summary>Processor time used so far, summed over the cores.</summary>
/// <param name="Own">By this process.</param>
/// <param name="All">By everything on the machine, and what a hypervisor took away; in ticks of 10 ms.</param>
public readonly record struct ProcessorTime(TimeSpan Own, TimeSpan All)
{
    private const int TicksPerSecond = 100; // USER_HZ
    private const int Idle = 3, IoWait = 4, Steal = 7;

    /// <summary>Where there is no /proc/stat, nobody else is seen.</summary>
    public static ProcessorTime Now()
    {
        var own = Environment.CpuUsage.TotalTime;
        return new ProcessorTime(own, OperatingSystem.IsLinux() ? Busy(File.ReadLines("/proc/stat").First()) : own);
    }

    /// <summary>From the line of all cores: user nice system idle iowait irq softirq steal; guests are within user.</summary>
    internal static TimeSpan Busy(string line)
    {
        var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(Steal + 1)
            .Select(number => long.Parse(number, CultureInfo.InvariantCulture));
        return TimeSpan.FromSeconds((double)ticks.Where((_, column) => column is not (Idle or IoWait)).Sum() / TicksPerSecond);
    }
}
