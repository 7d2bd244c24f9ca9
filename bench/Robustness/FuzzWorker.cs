namespace FewShotCluster.Bench.Robustness;

/// <summary>
/// Runs cases in a process that may die of them, and tells each step in a line: <c>begin N</c>, <c>end N Outcome message</c>,
/// <c>resident N bytes</c>.
/// </summary>
public static class FuzzWorker
{
    internal const string Begin = "begin", End = "end", Resident = "resident";

    /// <summary>Cases between two looks at the memory.</summary>
    internal const int Thousand = 1000;

    /// <param name="cases">The cases.</param>
    /// <param name="from">The first number.</param>
    /// <param name="to">Behind the last.</param>
    /// <param name="folder">Where files may be written; a single one is.</param>
    /// <param name="lines">To the supervisor.</param>
    public static void Run(FuzzCases cases, int from, int to, string folder, TextWriter lines)
    {
        var path = Path.Combine(folder, FuzzRun.CaseFile);
        for (var number = from; number < to; number++)
        {
            lines.WriteLine($"{Begin} {number}");
            lines.Flush();
            var made = cases.Make(number);
            var (outcome, wrong) = FuzzTarget.Run(made.Seed.Kind, made.Bytes, path);
            lines.WriteLine($"{End} {number} {outcome} {made.Seed.Name}: {wrong?.ToString().ReplaceLineEndings(" ")}");
            if ((number + 1) % Thousand == 0 || number + 1 == to)
                lines.WriteLine($"{Resident} {number} {ResidentMemory.AfterCollection()}");
            lines.Flush();
        }
    }
}
