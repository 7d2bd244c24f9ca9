using System.Runtime.InteropServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// Runs our kernels on the threads of libtorch's own OpenMP pool (GNU's), so that its workers and ours never compete for a core: idle
/// OpenMP workers spin for a while.
/// </summary>
internal static unsafe class OpenMp
{
    // libtorch's packages rename it by a hash.
    private static readonly nint Library = LoadedLibrary.Find("libgomp");

    private static readonly delegate* unmanaged<delegate* unmanaged<void*, void>, void*, uint, uint, void> Parallel =
        (delegate* unmanaged<delegate* unmanaged<void*, void>, void*, uint, uint, void>)LoadedLibrary.Export(Library, "GOMP_parallel");

    private static readonly delegate* unmanaged<int> MaxThreads = (delegate* unmanaged<int>)LoadedLibrary.Export(Library, "omp_get_max_threads");

    private static readonly delegate* unmanaged<int> ThreadNumber = (delegate* unmanaged<int>)LoadedLibrary.Export(Library, "omp_get_thread_num");

    /// <summary>Number of the calling thread within a call's.</summary>
    public static int Thread => ThreadNumber();

    /// <summary>Whether this process's libtorch brought GNU's OpenMP.</summary>
    public static bool IsAvailable => Library != 0;

    /// <summary>Threads that a call uses, as torch.set_num_threads set them for the calling thread.</summary>
    public static int Threads => MaxThreads();

    /// <summary>Calls <paramref name="body"/> once on each thread of the pool, the caller's included, and waits for all.</summary>
    /// <param name="body">Must not throw.</param>
    /// <param name="state">Passed through.</param>
    public static void Run(delegate*<void*, void> body, void* state)
    {
        if (Threads == 1)
        {
            body(state);
            return;
        }
        var call = new Call { Body = body, State = state };
        Parallel(&Invoke, &call, 0, 0);
    }

    // What native code calls cannot be generic, and bodies are.
    [UnmanagedCallersOnly]
    private static void Invoke(void* call) => ((Call*)call)->Body(((Call*)call)->State);

    private struct Call
    {
        public delegate*<void*, void> Body;
        public void* State;
    }
}
