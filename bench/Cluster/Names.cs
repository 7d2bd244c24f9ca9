namespace FewShotCluster.Bench.Cluster;

/// <summary>Class names without end, no two the same.</summary>
internal static class Names
{
    private static readonly string[] Colours = ["red", "blue", "green", "yellow", "purple", "black", "white", "brown", "grey", "orange"];
    private static readonly string[] Patterns = ["plain", "striped", "spotted", "shiny", "old", "small", "large", "round", "square", "folded"];
    private static readonly string[] Things = ["car", "cat", "bus", "dog", "cup", "boat", "bird", "cake", "chair", "fish"];

    /// <summary>The name of a number: ten thousand of two or three words, then with a number.</summary>
    public static string Of(int i)
    {
        var thing = $"{Colours[i % 10]} {Patterns[i / 10 % 10]} {Things[i / 100 % 10]}";
        return i < 1000 ? thing : $"{thing} {i / 1000}";
    }
}
