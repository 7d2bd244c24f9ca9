using System.Globalization;
using FewShotCluster.Bench.Encoders;
using Spectre.Console;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary>The figures of <c>bench encoders</c> as a table.</summary>
internal static class EncodersTable
{
    private const int WideEnough = 140;

    public static void Print(IAnsiConsole console, IReadOnlyList<EncoderResult> results)
    {
        var opponent = results[0].Opponent.Name;
        var table = new Table { Border = TableBorder.Simple }
            .Title($"ms a call, medians of interleaved rounds; a ratio above 1: faster than {opponent}")
            .AddColumns("", "ours", opponent.Split(' ')[0], "ratio", "quartiles", "GFLOP/s", "of products", "quiet");
        foreach (var r in results)
            table.AddRow(
                r.ToFigure().Name, Milliseconds(r.Ours.Milliseconds.Median), Milliseconds(r.Opponent.Milliseconds.Median),
                Ratio(r.Ours.Ratio.Median), $"{Ratio(r.Ours.Ratio.Low)}-{Ratio(r.Ours.Ratio.High)}", r.GigaflopsPerSecond.ToString("0", CultureInfo.InvariantCulture),
                r.ProductShare.ToString("0 %", CultureInfo.InvariantCulture), $"{r.QuietRounds}/{r.Rounds}");
        foreach (var column in table.Columns) column.NoWrap();
        // A file or a pipe has no width to keep.
        if (!console.Profile.Out.IsTerminal) console.Profile.Width = WideEnough;
        console.Write(table);
        console.WriteLine("of products: the time that the network's products alone take (on the CPU in float32), each by the fastest kernel, to ours");
    }

    private static string Milliseconds(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
