using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FewShotCluster.Vision.Inference;

/// <summary>Native libraries that this process has loaded already: another copy would have a state of its own.</summary>
internal static class LoadedLibrary
{
    /// <summary>The library whose file name begins so; 0: not loaded.</summary>
    public static nint Find(string prefix)
    {
        if (!OperatingSystem.IsLinux()) return 0;
        using var process = Process.GetCurrentProcess();
        var loaded = process.Modules.Cast<ProcessModule>().FirstOrDefault(m => m.ModuleName.StartsWith(prefix, StringComparison.Ordinal));
        return loaded is not null && NativeLibrary.TryLoad(loaded.FileName, out var library) ? library : 0;
    }

    /// <summary>A function of it; 0: it has none of that name.</summary>
    public static nint Export(nint library, string name) =>
        library != 0 && NativeLibrary.TryGetExport(library, name, out var function) ? function : 0;
}
