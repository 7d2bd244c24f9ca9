using FewShotCluster.TestSupport;

namespace FewShotCluster.Cluster.Tests.Processes;

/// <summary>Where the programs under test were built, and the demo's models.</summary>
internal static class Programs
{
    // .../tests/Cluster.Tests/bin/<configuration>/<framework>/
    private static readonly DirectoryInfo Output = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    public static string Server => Built("Silo", "fewshotd.dll");

    public static string Tool => Built("Cli", "fewshot.dll");

    public static bool HasDemoModels => File.Exists(Path.Combine(ModelsFolder, "manifest.json"));

    private static string ModelsFolder => Path.Combine(ReferenceData.RepositoryRoot, "models", "demo");

    /// <summary>The demo's models; skips the test while they are not trained.</summary>
    public static string DemoModels()
    {
        if (!HasDemoModels) Assert.Skip($"the demo's models are not there yet: {ModelsFolder}");
        return ModelsFolder;
    }

    private static string Built(string project, string file)
    {
        var path = Path.Combine(ReferenceData.RepositoryRoot, project, "bin", Output.Parent!.Name, Output.Name, file);
        return File.Exists(path) ? path : throw new FileNotFoundException($"build {project} first", path);
    }
}
