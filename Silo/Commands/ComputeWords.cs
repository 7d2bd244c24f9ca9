namespace FewShotCluster.Silo.Commands;

/// <summary>Number formats and kernels as options name them: the members' names in small letters.</summary>
internal static class ComputeWords
{
    public static string[] Of<T>() where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];

    public static T Parse<T>(string word) where T : struct, Enum => Enum.Parse<T>(word, ignoreCase: true);
}
