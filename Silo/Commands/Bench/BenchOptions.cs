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
    public static Option<int> Count(string name, string description, int usual)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError($"{name}: at least 1");
        });
        return option;
    }
}
