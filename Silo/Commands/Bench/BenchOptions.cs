using System.CommandLine;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary>Options that benches share.</summary>
internal static class BenchOptions
{
    public static Option<ulong> Seed() => new("--seed")
    {
        Description = "Everything random follows from it.",
        DefaultValueFactory = _ => 1,
    };

    /// <summary>A number of things, at least one.</summary>
    public static Option<int> Count(string name, string description, int usual) =>
        NumberOption.Usual(name, description, usual, 1, int.MaxValue);
}
