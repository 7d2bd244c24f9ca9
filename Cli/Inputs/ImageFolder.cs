using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>The folder that <c>--images</c> names.</summary>
internal static class ImageFolder
{
    /// <summary>Refuses a folder that is not there: else every photo in it would be the one that failed.</summary>
    public static string Check(string folder) => Directory.Exists(folder) ? folder : throw Invalid($"--images {folder}: no such folder");

    /// <summary>All its files but hidden ones, in ordinal order of their names; subfolders are not entered.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="output">A file that the verb writes: when it lies in the folder, it is no photo. Null: none.</param>
    public static IReadOnlyList<ImageFile> List(string folder, string? output = null)
    {
        var written = output is null ? null : Path.GetFullPath(output);
        var files = Directory.GetFiles(Path.GetFullPath(Check(folder)))
            .Where(path => path != written)
            .Select(path => new ImageFile(Path.GetFileName(path), path))
            .Where(file => !file.Name.StartsWith('.'))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .ToList();
        if (files.Count == 0) throw Invalid($"--images {folder}: the folder has no files");
        // A list of lines could not tell such a name apart from two.
        if (files.Find(file => file.Name.AsSpan().ContainsAny('\n', '\r')) is { } odd)
            throw Invalid($"--images {folder}: the file name '{odd.Name.ReplaceLineEndings("\\n")}' holds a line break: rename it");
        return files;
    }

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, message);
}
