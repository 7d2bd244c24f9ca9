using System.Reflection;
using System.Runtime.InteropServices;

namespace FewShotCluster.Bench.Measurement;

/// <summary>Where figures were measured.</summary>
public sealed record Machine(string Cpu, int Cores, string? Gpu, string Os)
{
    public static Machine Here() => new(Processor(), Environment.ProcessorCount, null, RuntimeInformation.OSDescription);

    private static string Processor()
    {
        const string file = "/proc/cpuinfo", key = "model name";
        var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}

/// <summary>The JSON that every bench writes.</summary>
public sealed record BenchReport(Machine Machine, string Commit, IReadOnlyList<Figure> Figures)
{
    /// <summary>A report of this machine and this build.</summary>
    public static BenchReport Of(IReadOnlyList<Figure> figures) => new(Machine.Here(), BuiltFrom(), figures);

    // The SDK writes the commit behind the version.
    private static string BuiltFrom() =>
        typeof(BenchReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit]
            ? commit
            : "unknown";
}
