using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>
/// <c>--family dog=Thu-dog</c> (classes whose name starts so) or <c>--family dog=dogs.txt</c> (the names in that file, where such a file exists).
/// </summary>
internal sealed record FamilyRule(string Family, string Source)
{
    public static FamilyRule Parse(string text) => text.IndexOf('=') is var at and > 0 && at < text.Length - 1
        ? new(text[..at].Trim(), text[(at + 1)..].Trim())
        : throw new FewShotException(FewShotErrorCode.InvalidArgument, $"--family '{text}' is not NAME=PREFIX or NAME=FILE");

    /// <summary>The classes with this family set; a rule that matches nothing, or a class twice, is a slip.</summary>
    public IReadOnlyList<ClassDefinition> Apply(IReadOnlyList<ClassDefinition> classes)
    {
        var members = File.Exists(Source) ? FromFile(classes) : classes.Where(c => c.Name.StartsWith(Source, StringComparison.Ordinal)).ToHashSet();
        if (members.Count == 0)
            throw new FewShotException(
                FewShotErrorCode.InvalidArgument, $"--family {Family}: no class name starts with '{Source}', and no file is called so");
        if (members.FirstOrDefault(c => c.Family is not null) is { } twice)
            throw new FewShotException(
                FewShotErrorCode.InvalidArgument, $"--family {Family}: class '{twice.Name}' is of family '{twice.Family}' already");
        return [.. classes.Select(c => members.Contains(c) ? c with { Family = Family } : c)];
    }

    private HashSet<ClassDefinition> FromFile(IReadOnlyList<ClassDefinition> classes)
    {
        var byName = classes.ToDictionary(c => c.Name, StringComparer.Ordinal);
        return [.. InputLines.Read(Source).Select(line =>
            byName.TryGetValue(line.Text, out var found) ? found : throw line.Error($"no class is called '{line.Text}'"))];
    }
}
