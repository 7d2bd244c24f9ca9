using System.Runtime.InteropServices;

namespace FewShotCluster.Vision.Inference;

/// <summary>
/// libtorch takes every activation from the C library's heap. glibc gives large blocks back to the system at once and takes them again at
/// the next layer, each page faulted in anew: that was nine tenths of a large layer's time on a virtual machine. Here the heaps keep
/// what they have freed: a process stays as large as its largest batch made it.
/// </summary>
internal static partial class NativeHeap
{
    private const int TrimThreshold = -1, TopPad = -2, MmapMax = -4, ArenaMax = -8;
    private const int ThreadHeap = 64 << 20;
    private static readonly Lazy<bool> Kept = new(Set);

    /// <summary>Asks for it, once; false where the C library is not glibc.</summary>
    public static bool KeepFreed() => Kept.Value;

    private static bool Set()
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            // No more arenas than there are by now: their heaps end at 64 MiB. Those are unmapped whatever the threshold once they are
            // empty, unless less than the pad would be left free.
            return mallopt(ArenaMax, 1) != 0 && mallopt(MmapMax, 0) != 0 && mallopt(TrimThreshold, int.MaxValue) != 0
                && mallopt(TopPad, ThreadHeap) != 0;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return false; // musl
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
