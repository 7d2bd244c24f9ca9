using System.IO.Compression;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>
/// A probe as W.npy [C,D], b.npy [C] and alpha.npy [C]: in a NumPy archive where the name ends in .npz, else in a folder, made if it is
/// not there, each file complete under its name or as it was.
/// </summary>
internal static class ProbeFiles
{
    private const string Option = "--out";

    /// <summary>Refuses a place that cannot be written to before the work begins.</summary>
    public static void Check(string? path)
    {
        if (path is null) return;
        if (IsArchive(path)) OutputFile.Check(Option, path);
        else if (File.Exists(path)) throw LocalVerb.Invalid($"{Option} {path} is a file; name a folder, or an archive ending in .npz");
        else if (!Directory.Exists(path)) OutputFile.Check(Option, Path.TrimEndingDirectorySeparator(path));
    }

    public static void Write(string? path, ProbeWeights weights)
    {
        if (path is null) return;
        (string Name, NpyArray Array)[] arrays =
        [
            ("W.npy", AdaptFiles.ToArray(weights.W)),
            ("b.npy", AdaptFiles.ToArray(weights.Bias)),
            ("alpha.npy", AdaptFiles.ToArray(weights.Alpha)),
        ];
        if (IsArchive(path))
        {
            OutputFile.Write(path, stream => Pack(stream, arrays));
            return;
        }
        Directory.CreateDirectory(path);
        foreach (var (name, array) in arrays) OutputFile.Write(Path.Combine(path, name), array);
    }

    private static bool IsArchive(string path) => path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase);

    private static void Pack(Stream stream, IEnumerable<(string Name, NpyArray Array)> arrays)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (name, array) in arrays)
        {
            using var entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
            array.Write(entry);
        }
    }
}
