using FewShotCluster.Client;
using FewShotCluster.Demo.Classes;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cluster.Tests;

/// <summary>A few classes of the demo world with freshly drawn photos.</summary>
internal static class Pictures
{
    private const int Seed = 5;

    public static IReadOnlyList<DemoClass> Classes { get; } = [.. DemoClasses.Seen.Take(4)];

    public static ClassSetDefinition Definition => new() { Classes = [.. Classes.Select((c, i) => new ClassDefinition(c.Name, 10 + i))] };

    public static IReadOnlyList<Shot> Shots => [.. Classes.SelectMany((c, i) =>
        Enumerable.Range(0, 2).Select(n => new Shot($"{c.Name} {n}", 10 + i, DemoPictures.Shots(c, n, Seed))))];

    public static byte[] Test(int classIndex) => DemoPictures.Test(Classes[classIndex], 0, Seed);

    /// <summary>Classes and scores for a photo of each class.</summary>
    public static async Task<List<(int Id, double Score)>> AnswersAsync(IFewShotClient client, string id, long minimumVersion = 0)
    {
        var options = new ClassifyOptions { MinimumVersion = minimumVersion };
        var answers = new List<(int, double)>();
        for (var i = 0; i < Classes.Count; i++)
            answers.AddRange((await client.ClassifyAsync(id, Test(i), options)).Top.Select(t => (t.Id, t.Score)));
        return answers;
    }
}
