using System.Runtime.CompilerServices;

namespace FewShotCluster.Vision.Inference.Simd;

/// <summary>
/// The tasks of a kernel, numbered, as a range for each thread: a thread meets the same rows layer after layer, which its own caches hold
/// by then. Who has done its own takes from the others.
/// </summary>
internal unsafe struct TaskShares
{
    // A cache line each.
    private const int MostThreads = 64, Stride = 16;

    private readonly int tasks;
    private readonly int threads;
    private fixed int taken[(MostThreads + 1) * Stride];

    public TaskShares(int tasks) => (this.tasks, threads) = (tasks, Math.Clamp(OpenMp.Threads, 1, MostThreads));

    /// <summary>The next task for a thread; negative: none is left.</summary>
    /// <param name="thread">Its number (<see cref="OpenMp.Thread"/>).</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Take(int thread)
    {
        for (var i = 0; i < threads; i++)
        {
            var owner = (thread + i) % threads;
            var (first, end) = (First(owner), First(owner + 1));
            // Not the line in which all read what the job is.
            ref var next = ref taken[(owner + 1) * Stride];
            if (first + Volatile.Read(ref next) >= end) continue;
            var task = first + Interlocked.Increment(ref next) - 1;
            if (task < end) return task;
        }
        return -1;
    }

    private readonly int First(int thread) => (int)((long)thread * tasks / threads);
}
