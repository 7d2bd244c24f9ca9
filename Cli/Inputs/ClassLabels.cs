using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>Classes on a command line, by name or by id. A name wins: a class may be called like a number.</summary>
internal static class ClassLabels
{
    public static async Task<IReadOnlyList<int>> IdsAsync(
        IFewShotClient client, string classSetId, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        if (labels.Count == 0) return [];
        var set = await client.DescribeAsync(classSetId, cancellationToken);
        var byName = set.Classes.ToDictionary(c => c.Name, c => c.Id, StringComparer.Ordinal);
        var ids = set.Classes.Select(c => c.Id).ToHashSet();
        return [.. labels.Select(label => byName.TryGetValue(label.Trim(), out var id) || (int.TryParse(label, out id) && ids.Contains(id))
            ? id
            : throw new FewShotException(FewShotErrorCode.InvalidArgument, $"class set '{classSetId}' has no class with the name or id '{label}'"))];
    }
}
