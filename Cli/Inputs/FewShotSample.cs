using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Cli.Inputs;

/// <summary>
/// A few photos of each label, drawn without replacement: those whose SHA-256 of seed and path come first. So the draw is the same on every
/// machine and does not hang on the order of the list.
/// </summary>
internal static class FewShotSample
{
    /// <summary>The drawn entries and the rest, both in the order of the list.</summary>
    /// <exception cref="FewShotException">InvalidArgument: fewer than one a class.</exception>
    public static (IReadOnlyList<ShotEntry> Drawn, IReadOnlyList<ShotEntry> Left) Draw(IReadOnlyList<ShotEntry> entries, int perClass, int seed)
    {
        if (perClass < 1) throw new FewShotException(FewShotErrorCode.InvalidArgument, $"--per-class {perClass}: at least 1 is needed");
        var drawn = entries.GroupBy(entry => entry.Label, StringComparer.Ordinal)
            .SelectMany(label => label.OrderBy(entry => Place(seed, entry.Path), StringComparer.Ordinal).Take(perClass))
            .ToHashSet();
        return ([.. entries.Where(drawn.Contains)], [.. entries.Where(entry => !drawn.Contains(entry))]);
    }

    private static string Place(int seed, string path) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}:{path}"))));
}
