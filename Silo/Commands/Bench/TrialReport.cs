using FewShotCluster.Bench.Cluster;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Silo.Commands.Files;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary>What a trial of real processes found, told and written.</summary>
internal static class TrialReport
{
    private const int Told = 20;

    /// <returns>The exit code: 1 where something failed that must not.</returns>
    public static int Print(TrialResult result, string? json)
    {
        FiguresTable.Print(LocalVerb.Story(json), result.Figures);
        OutputFile.WriteJson(json, BenchReport.Of(result.Figures));
        foreach (var failure in result.Failures.Take(Told)) Console.Error.WriteLine($"failed: {failure}");
        if (result.Failures.Count > Told) Console.Error.WriteLine($"failed: and {result.Failures.Count - Told} more");
        return result.Failures.Count == 0 ? 0 : 1;
    }
}
