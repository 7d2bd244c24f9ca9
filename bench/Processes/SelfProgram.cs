using System.Diagnostics;
using System.Reflection;

namespace FewShotCluster.Bench.Processes;

/// <summary>The program that runs, as one to start again with another verb.</summary>
public static class SelfProgram
{
    /// <param name="arguments">Verb and options.</param>
    public static ProcessStartInfo With(IEnumerable<string> arguments)
    {
        var program = Environment.ProcessPath!;
        // Under 'dotnet fewshotd.dll' the program is the runtime, and its first argument the assembly.
        string[] self = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Assembly.GetEntryAssembly()!.Location] : [];
        return new ProcessStartInfo(program, [.. self, .. arguments]);
    }
}
