using System.Runtime.CompilerServices;

namespace FewShotCluster.TestSupport;

/// <summary>
/// Finds the shared reference data (goldens made by the reference implementations) beside the repository.
/// Tests that need it skip, with the reason, where it is absent.
/// </summary>
public static class ReferenceData
{
    /// <summary>The repository's root folder.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Full path of a file or folder below the shared folder (for example <c>reference/models</c>); skips the test if absent.</summary>
    public static string Shared(params string[] parts)
    {
        var root = Environment.GetEnvironmentVariable("FEWSHOT_SHARED") ?? Path.Combine(RepositoryRoot, "..", "shared");
        var path = Path.GetFullPath(Path.Combine([root, .. parts]));
        if (!Path.Exists(path))
            Xunit.Assert.Skip($"reference data not found: {path} (set FEWSHOT_SHARED to the folder that holds it)");
        return path;
    }

    /// <summary>Full path below <c>reference/</c> of the shared folder; skips the test if absent.</summary>
    public static string Reference(params string[] parts) => Shared(["reference", .. parts]);

    private static string FindRoot([CallerFilePath] string here = "")
    {
        // The output folder first (works for a moved build), then the place this file was compiled from.
        foreach (var start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(here)! })
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
                if (File.Exists(Path.Combine(folder.FullName, "FewShotCluster.sln")))
                    return folder.FullName;
        throw new InvalidOperationException("the repository's root was not found");
    }
}
