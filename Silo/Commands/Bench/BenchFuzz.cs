using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Processes;
using FewShotCluster.Bench.Robustness;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Silo.Hosting;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary><c>fewshotd bench fuzz</c>: damaged checkpoints and pictures, in a process that may die of them.</summary>
internal static class BenchFuzz
{
    private const int MostListed = 20;
    private static readonly string[] Kinds = ["crash", "hang", "exception", "memory", "file"];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var cases = BenchOptions.Count("--cases", "Files to try.", 10_000);
        var seed = BenchOptions.Seed();
        var corpus = new Option<string?>("--corpus") { Description = "Folder of more files to damage, up to a megabyte each." };
        var json = LocalVerb.JsonOption();
        // What the verb starts itself with: the first case, and the folder for files.
        var first = new Option<int>("--worker-first") { Hidden = true };
        var folder = new Option<string?>("--worker-folder") { Hidden = true };
        var command = new Command("fuzz", "Damages checkpoints and pictures: each must be read or refused by its typed error.")
        {
            cases, seed, corpus, json, first, folder,
        };
        command.SetAction((parsed, token) =>
        {
            // Full, as the worker has another current folder.
            var more = parsed.GetValue(corpus) is { } path ? Path.GetFullPath(path) : null;
            var plan = new Plan(parsed.GetValue(cases), parsed.GetValue(seed), more);
            return parsed.GetValue(folder) is { } workFolder
                ? Task.FromResult(Work(plan, parsed.GetValue(first), workFolder))
                : RunAsync(plan, parsed.GetValue(json), token);
        });
        return command;
    }

    private static int Work(Plan plan, int first, string folder)
    {
        StandardInput.WhenClosed(() => Environment.Exit(CommandRunner.Interrupted));
        FuzzWorker.Run(new FuzzCases(plan.Seed, plan.Corpus), first, plan.Cases, folder, Console.Out);
        return 0;
    }

    private static async Task<int> RunAsync(Plan plan, string? json, CancellationToken cancellationToken)
    {
        OutputFile.Check("--json", json);
        if (plan.Corpus is { } corpus && !Directory.Exists(corpus)) throw LocalVerb.Invalid($"--corpus {corpus}: there is no such folder");
        var report = await LocalVerb.RunAsync(
            json,
            (progress, stop) => new FuzzRun(plan.Seed, plan.Cases, Limit, plan.Worker).Run(share => progress("fuzzing", share), stop),
            cancellationToken);
        Tell(report, LocalVerb.Story(json));
        OutputFile.WriteJson(json, BenchReport.Of(Figures(report)));
        return report.Failures.Count == 0 ? 0 : 1;
    }

    private static void Tell(FuzzReport report, TextWriter story)
    {
        story.WriteLine(
            $"{report.Cases} cases of seed {report.Seed}: {report.Accepted} read, {report.Refused} refused, "
            + $"{report.Failures.Count} failures; "
            + (report.Growth is { } growth ? $"memory {growth:+0.0 %;-0.0 %;0.0 %} after the first thousand; " : "")
            + $"{report.Seconds:0.0} s");
        foreach (var failure in report.Failures.Take(MostListed))
            story.WriteLine($"  case {failure.Number}: {failure.Kind}: {failure.What}");
        if (report.Failures.Count > MostListed) story.WriteLine($"  and {report.Failures.Count - MostListed} more");
    }

    private static List<Figure> Figures(FuzzReport report)
    {
        List<Figure> figures =
        [
            new("fuzz/cases", report.Cases, "cases") { Note = $"seed {report.Seed}" },
            new("fuzz/accepted", report.Accepted, "cases"),
            new("fuzz/refused", report.Refused, "cases"),
            .. Kinds.Select(kind => new Figure($"fuzz/{kind}", report.Count(kind), "failures")
            {
                Note = report.Failures.FirstOrDefault(f => f.Kind == kind)?.ToString(),
            }),
            new("fuzz/seconds", report.Seconds, "s"),
        ];
        if (report.Growth is { } growth)
            figures.Add(new("fuzz/memory-growth", 100 * growth, "%") { Note = "resident memory, end against the first thousand cases" });
        return figures;
    }

    private sealed record Plan(int Cases, ulong Seed, string? Corpus)
    {
        public ProcessStartInfo Worker(int first, string folder)
        {
            string[] more = Corpus is null ? [] : ["--corpus", Corpus];
            return SelfProgram.With(
            [
                "bench", "fuzz", "--cases", Text(Cases), "--seed", Text(Seed), .. more,
                "--worker-first", Text(first), "--worker-folder", folder,
            ]);
        }

        private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
    }
}
