namespace FewShotCluster.Silo.Commands.Files;

/// <summary>
/// The pictures that <c>--input</c> names: one file, or all files of a folder but hidden ones; subfolders are not entered.
/// </summary>
internal static class ImageFiles
{
    /// <summary>Full paths in ordinal order of file names.</summary>
    public static IReadOnlyList<string> List(string input)
    {
        if (File.Exists(input)) return [Path.GetFullPath(input)];
        if (!Directory.Exists(input)) throw LocalVerb.Invalid($"--input {input}: no such file or folder");
        var files = InputFile.Reading(input, () => Directory.GetFiles(Path.GetFullPath(input)))
            .Where(path => !Path.GetFileName(path).StartsWith('.'))
            .OrderBy(path => Path.GetFileName(path), StringComparer.Ordinal)
            .ToList();
        return files.Count > 0 ? files : throw LocalVerb.Invalid($"--input {input}: the folder has no files");
    }
}
