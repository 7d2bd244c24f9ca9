using System.Runtime.InteropServices;

namespace FewShotCluster.Bench.Robustness;

/// <summary>This process's memory.</summary>
internal static partial class ResidentMemory
{
    /// <summary>How long .NET keeps the megabytes that its compiler worked in, twice two seconds.</summary>
    public static readonly TimeSpan CompilerRest = TimeSpan.FromSeconds(4.5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Resident bytes without garbage not yet collected and freed blocks that a heap keeps: what a leak cannot hide in.</summary>
    /// <param name="rest">The lowest reading of that time counts.</param>
    public static long AfterCollection(TimeSpan rest = default)
    {
        var (lowest, start) = (Reading(), TimeProvider.System.GetTimestamp());
        while (TimeProvider.System.GetElapsedTime(start) < rest)
        {
            Thread.Sleep(Pause);
            lowest = Math.Min(lowest, Reading());
        }
        return lowest;
    }

    private static long Reading()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (OperatingSystem.IsLinux()) Trim();
        return Environment.WorkingSet;
    }

    // glibc keeps up to 64 MB of freed blocks, more than the growth that counts as a leak.
    private static void Trim()
    {
        try
        {
            _ = malloc_trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, which has no such thing to give back.
        }
    }

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint keep);
}
