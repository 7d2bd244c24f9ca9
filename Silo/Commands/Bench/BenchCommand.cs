using System.CommandLine;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary><c>fewshotd bench</c>: measurements, and trials of endurance.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measures, and proves what must not fail.")
    {
        BenchEncoders.Create(), BenchAdaptation.Create(), BenchCluster.Create(), BenchPipeline.Create(), BenchServingWhileFitting.Create(), BenchFuzz.Create(), BenchSoak.Create(), BenchWeights.Create(),
    };
}
