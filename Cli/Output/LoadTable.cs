using System.Globalization;
using FewShotCluster.Load;
using Spectre.Console;

namespace FewShotCluster.Cli.Output;

/// <summary>The figures of <c>load</c> as a table.</summary>
internal static class LoadTable
{
    public static Table Of(LoadReport report)
    {
        var table = new Table { Border = TableBorder.Simple, ShowHeaders = false }.AddColumns("", "");
        var load = report.OfferedRate is { } rate ? $"{Number(rate)} requests/s offered" : $"{report.Concurrency} callers";
        Add("load", $"{load}, {Number(report.Seconds)} s");
        Add("sent", $"{report.Sent} ({Number(report.AchievedRate)}/s), {report.NotSent} left out, at most {report.PeakInFlight} in flight");
        Add("answered", $"{report.Answered}, {report.CacheHits} from a cache");
        Add("goodput", $"{Number(report.Goodput)}/s{(report.DeadlineMs is { } ms ? $" within {Number(ms)} ms" : "")}");
        Add("latency", Latency(report.LatencyMs));
        Add("late sends", Latency(report.SendLagMs));
        Add("failed", report.Failed == 0 ? "0" : $"{report.Failed}: {Counts(report.Errors)}");
        Add("versions", Counts(report.Versions));
        Add("stages", Counts(report.Stages));
        Add("devices", Counts(report.Devices));
        return table;

        void Add(string name, string value) => table.AddRow(Markup.Escape(name), Markup.Escape(value));
    }

    /// <summary><c>Overloaded 12, Internal 1</c></summary>
    public static string Counts<T>(IReadOnlyDictionary<T, long> counts) => string.Join(", ", counts.Select(pair => $"{pair.Key} {pair.Value}"));

    private static string Latency(LatencySummary ms) =>
        $"p50 {Number(ms.P50)}, p90 {Number(ms.P90)}, p99 {Number(ms.P99)}, p99.9 {Number(ms.P999)}, most {Number(ms.Max)} ms";

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
