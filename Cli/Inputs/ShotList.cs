using System.Globalization;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>A labelled file of a list: its label is the user's class id, or else a class name.</summary>
internal sealed record ShotEntry(InputLine Line, string Path, string Label)
{
    /// <summary>The class id, of an integer label or of the class with that name.</summary>
    public int ClassId(IReadOnlyDictionary<string, int> idsByName) =>
        NumericLabel ?? (idsByName.TryGetValue(Label, out var id) ? id : throw Line.Error($"no class is called '{Label}': a label is a class id or name"));

    public int? NumericLabel => int.TryParse(Label, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
}

/// <summary>A shot list: <c>path,label</c> (split at the last comma) or <c>path label</c> (split at the last blank), as the seed's train lists.</summary>
internal static class ShotList
{
    public static IReadOnlyList<ShotEntry> Read(string path) => Parse(InputLines.Read(path), path);

    public static IReadOnlyList<ShotEntry> Parse(IReadOnlyList<InputLine> lines, string path)
    {
        if (lines.Count == 0) throw new FewShotException(FewShotErrorCode.InvalidArgument, $"{path}: lists no photos");
        var entries = lines.Select(Split).ToList();
        var labels = new Dictionary<string, ShotEntry>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (!labels.TryAdd(entry.Path, entry) && labels[entry.Path] is var first && first.Label != entry.Label)
                throw entry.Line.Error($"'{entry.Path}' has label {entry.Label} here and {first.Label} on line {first.Line.Number}");
        }
        return [.. labels.Values];
    }

    private static ShotEntry Split(InputLine line)
    {
        var at = line.Text.LastIndexOf(',');
        if (at < 0) at = line.Text.LastIndexOfAny([' ', '\t']);
        if (at <= 0 || at == line.Text.Length - 1) throw line.Error($"'{line.Text}' is not 'path,label' or 'path label'");
        return new ShotEntry(line, line.Text[..at].Trim(), line.Text[(at + 1)..].Trim());
    }
}
