using System.Globalization;
using Spectre.Console;

namespace FewShotCluster.Silo.Demo;

/// <summary>The demo's figures as tables.</summary>
internal static class DemoTable
{
    public static void Print(IAnsiConsole console, DemoReport report)
    {
        var accuracy = report.Accuracy;
        var table = new Table()
            .Title($"Top-1 % on {report.Images} drawn photos of {report.Classes.Seen + report.Classes.Unseen} classes")
            .AddColumns("stage", "all", "seen", "unseen", "harmonic mean");
        AddRow("CLIP text proxies (zero-shot)", accuracy.Text);
        AddRow("InMaP", accuracy.Inmap);
        AddRow("whole cascade", accuracy.Cascade);
        console.Write(table);

        var restricted = new Table()
            .Title("Top-1 % where both methods choose among the same classes")
            .AddColumns("photos", "method", "top-1", "rival", "top-1")
            .AddRow("seen classes", "LP++", Percent(accuracy.Probe.Seen), "zero-shot", Percent(accuracy.Probe.ZeroShotSeen))
            .AddRow("dogs", "refiner", Percent(report.Dogs.Refiner), "LP++", Percent(report.Dogs.Probe));
        console.Write(restricted);

        console.WriteLine($"hot-add: {string.Join(", ", report.HotAdd.Names)}");
        console.WriteLine(
            $"  their photos: {Percent(report.HotAdd.Before)} % right before, {Percent(report.HotAdd.After)} % after; first answer at the new version " +
            $"{Milliseconds(report.HotAdd.VisibleMs)} ms after the call, while photos were being classified");
        console.WriteLine(
            $"latency, one fresh photo at a time: p50 {Milliseconds(report.LatencyMs.P50)} ms, p95 {Milliseconds(report.LatencyMs.P95)} ms, " +
            $"p99 {Milliseconds(report.LatencyMs.P99)} ms; throughput {Math.Round(report.ImagesPerSecond)} photos/s");

        void AddRow(string stage, Accuracy a) => table.AddRow(stage, Percent(a.All), Percent(a.Seen), Percent(a.Unseen), Percent(a.Harmonic));
    }

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Milliseconds(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
