using System.Globalization;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Output;

/// <summary>A version of a class set in a line.</summary>
internal static class VersionView
{
    public static string Words(ClassSetVersionRecord version)
    {
        var when = version.PublishedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return $"version {version.Version}\t{when}\t{version.Operation}{Names("+", version.Added, version.AddedCount)}{Names("-", version.Removed, version.RemovedCount)}";
    }

    private static string Names(string sign, IReadOnlyList<string> names, int count)
    {
        if (count == 0) return "";
        var more = count > names.Count ? $", and {count - names.Count} more" : "";
        return $"\t{sign} {string.Join(", ", names)}{more}";
    }
}
