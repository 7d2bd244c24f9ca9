using System.Globalization;
using FewShotCluster.Cli.Batches;
using Spectre.Console;

namespace FewShotCluster.Cli.Output;

/// <summary>The figures of <c>evaluate</c> as a table.</summary>
internal static class EvaluationTable
{
    public static Table Of(EvaluationReport report)
    {
        var table = new Table()
            .Title(Markup.Escape($"{report.ClassSetId}, version {report.Version}"))
            .AddColumns("photos", "number", "top-1 %", "top-5 %");
        foreach (var column in table.Columns.Skip(1)) column.RightAligned();
        Add("all", new Accuracy(report.Images, report.Top1, report.Top5));
        Add("seen", report.Seen);
        Add("unseen", report.Unseen);
        table.AddRow("harmonic mean", "", Percent(report.HarmonicMean), "");
        table.AddEmptyRow();
        Add("answered by text", report.Stages.Text);
        Add("answered by proxies", report.Stages.Proxies);
        Add("answered by probe", report.Stages.Probe);
        Add("answered by refiner", report.Stages.Refiner);
        return table;

        void Add(string photos, Accuracy a) =>
            table.AddRow(photos, a.Images.ToString(CultureInfo.InvariantCulture), Percent(a.Top1), Percent(a.Top5));
    }

    private static string Percent(double? share) => share is { } value ? (100 * value).ToString("0.0", CultureInfo.InvariantCulture) : "-";
}
