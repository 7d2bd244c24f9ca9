using System.Globalization;
using Spectre.Console;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>How <c>adapt stream</c> went, as a table.</summary>
internal static class StreamTable
{
    private const int WideEnough = 140;

    public static void Print(IAnsiConsole console, StreamVerbReport report)
    {
        // A file or a pipe has no width to keep.
        if (!console.Profile.Out.IsTerminal) console.Profile.Width = WideEnough;
        var table = new Table { Border = TableBorder.Simple }
            .Title("Top-1 % along the stream")
            .AddColumns("images", "text so far", "served so far", "text since last", "served since last", "serving");
        foreach (var column in table.Columns.SkipLast(1)) column.RightAligned();
        foreach (var c in report.Checkpoints)
            table.AddRow(
                Number(c.Images), Percent(c.TextAccuracy), Percent(c.Accuracy), Percent(c.RecentTextAccuracy), Percent(c.RecentAccuracy),
                Markup.Escape(c.Serving));
        console.Write(table);
        console.WriteLine(report.Refits.Count == 0 ? "no refit was due" : "refits, after so many images:");
        foreach (var refit in report.Refits)
            console.WriteLine($"  {Number(refit.Images)}: {refit.Trigger}: {(refit.Published ? "served" : "refused")}: {refit.Reason}");
        console.WriteLine($"{Number(report.Images)} images, {Number(report.Classes)} classes: {report.Story()}");
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture);
}
