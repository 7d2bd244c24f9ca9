using System.Globalization;
using System.Text;

namespace FewShotCluster.Vision.Tokenization;

/// <summary>Reads the tab-separated tables that <c>Data/make_tables.py</c> wrote.</summary>
internal static class EmbeddedTable
{
    public static IEnumerable<(string Key, string Value)> Read(string name)
    {
        using var stream = typeof(EmbeddedTable).Assembly.GetManifestResourceStream("Tokenization." + name)
            ?? throw new InvalidOperationException($"the assembly lacks its table {name}");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            var tab = line.IndexOf('\t');
            yield return (line[..tab], line[(tab + 1)..]);
        }
    }

    public static int CodePoint(string hex) => int.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    public static int[] CodePoints(string hex) => Array.ConvertAll(hex.Split(' '), CodePoint);

    public static string Text(string hex)
    {
        var text = new StringBuilder();
        foreach (var point in CodePoints(hex)) text.Append(char.ConvertFromUtf32(point));
        return text.ToString();
    }
}
