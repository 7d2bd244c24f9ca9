using System.Globalization;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>
/// A class file: a name a line, with or without the user's integer id at its end (<c>Animal_Bear 0</c>). Either every line has an id
/// or none: a file where one id was forgotten is refused rather than read as names.
/// </summary>
internal static class ClassFile
{
    public static IReadOnlyList<ClassDefinition> Read(string path) => Parse(InputLines.Read(path), path);

    public static IReadOnlyList<ClassDefinition> Parse(IReadOnlyList<InputLine> lines, string path)
    {
        if (lines.Count == 0) throw new FewShotException(FewShotErrorCode.InvalidArgument, $"{path}: holds no class names");
        var split = lines.Select(line => (Line: line, Class: Split(line))).ToList();
        var withId = split.Find(s => s.Class.Id is not null);
        var without = split.Find(s => s.Class.Id is null);
        if (withId.Class is not null && without.Class is not null)
            throw without.Line.Error($"'{without.Line.Text}' has no id, line {withId.Line.Number} has one: give every class an id or none");
        CheckUnique(split, s => s.Class.Name, "name");
        CheckUnique(split, s => s.Class.Id?.ToString(CultureInfo.InvariantCulture), "id");
        return [.. split.Select(s => s.Class)];
    }

    private static ClassDefinition Split(InputLine line)
    {
        var at = line.Text.LastIndexOfAny([' ', '\t']);
        if (at < 0 || !int.TryParse(line.Text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return new(line.Text);
        return new(line.Text[..at].TrimEnd(), id);
    }

    private static void CheckUnique(
        IEnumerable<(InputLine Line, ClassDefinition Class)> classes, Func<(InputLine Line, ClassDefinition Class), string?> key, string what)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var one in classes)
        {
            if (key(one) is { } value && !seen.TryAdd(value, one.Line.Number))
                throw one.Line.Error($"the {what} '{value}' is on line {seen[value]} already");
        }
    }
}
