using System.CommandLine;
using System.Globalization;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary>Options that take several values with commas between them: <c>--batch 1,8</c>.</summary>
internal static class ListOption
{
    /// <summary>Whole numbers from 1 on.</summary>
    public static Option<IReadOnlyList<int>> Numbers(string name, string description, int most, params int[] usual) =>
        Create(name, description, $"1 to {most}", usual, text =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most
                ? [number]
                : []);

    /// <summary>Some of a few words.</summary>
    public static Option<IReadOnlyList<string>> Words(
        string name, string description, IReadOnlyList<string> allowed, params string[] usual) =>
        Create(name, description, string.Join(", ", allowed), usual, word => allowed.Contains(word) ? [word] : []);

    // A value parses to itself or to nothing.
    private static Option<IReadOnlyList<T>> Create<T>(
        string name, string description, string allowed, IReadOnlyList<T> usual, Func<string, IReadOnlyList<T>> parse) => new(name)
        {
            Description = description,
            DefaultValueFactory = _ => [.. usual.Distinct()],
            CustomParser = result =>
            {
                var parts = result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                var values = parts.SelectMany(parse).Distinct().ToList();
                if (parts.Length == 0 || parts.Any(part => parse(part).Count == 0))
                    result.AddError($"{name}: allowed are {allowed}, with commas");
                return values;
            },
        };
}
