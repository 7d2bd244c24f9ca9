namespace FewShotCluster.Bench.Robustness;

/// <summary>This process's memory.</summary>
internal static class ResidentMemory
{
    /// <summary>Resident bytes without the garbage that merely has not been collected yet: what a leak cannot hide in.</summary>
    public static long AfterCollection()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }
}
