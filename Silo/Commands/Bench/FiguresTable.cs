using System.Globalization;
using FewShotCluster.Bench.Measurement;
using Spectre.Console;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary>Figures as a table.</summary>
internal static class FiguresTable
{
    public static void Print(TextWriter output, IReadOnlyList<Figure> figures)
    {
        var spread = figures.Any(figure => figure.Low is not null);
        var table = new Table { Border = TableBorder.Simple }.AddColumns(spread ? ["", "", "quartiles", "note"] : ["", "", "note"]);
        foreach (var figure in figures)
        {
            var note = figure.Ratio is { } ratio && !spread ? $"{Number(ratio)} of {figure.Against}; {figure.Note}" : figure.Note ?? "";
            string[] cells = spread
                ? [figure.Name, $"{Number(figure.Value)} {figure.Unit}", $"{Number(figure.Low)}-{Number(figure.High)}", note]
                : [figure.Name, $"{Number(figure.Value)} {figure.Unit}", note];
            table.AddRow([.. cells.Select(Markup.Escape)]);
        }
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (!console.Profile.Out.IsTerminal) console.Profile.Width = 160;
        console.Write(table);
    }

    private static string Number(double? value) => value?.ToString("0.##", CultureInfo.InvariantCulture) ?? "";
}
