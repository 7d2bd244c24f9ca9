using System.Runtime.InteropServices;

namespace FewShotCluster.Vision.Inference;

/// <summary>
/// libtorch takes every activation from the C library's heap. glibc gives large blocks back to the system at once and takes them again at
/// the next layer, each page faulted in anew: that was nine tenths of a large layer's time on a virtual machine. Here the heap keeps
/// what it has freed: a process stays as large as its largest batch made it.
/// </summary>
internal static partial class NativeHeap
{
    private const int TrimThreshold = -1, MmapMax = -4, ArenaMax = -8;
    private static readonly Lazy<bool> Kept = new(Set);

    /// <summary>Asks for it, once; false where the C library is not glibc.</summary>
    public static bool KeepFreed() => Kept.Value;

    private static bool Set()
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            // Large blocks from the one heap that can grow: others end at 64 MiB.
            return mallopt(ArenaMax, 1) != 0 && mallopt(MmapMax, 0) != 0 && mallopt(TrimThreshold, int.MaxValue) != 0;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return false; // musl
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
