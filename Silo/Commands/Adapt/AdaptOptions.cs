using System.CommandLine;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>Options that the <c>adapt</c> verbs have alike; a number not given is the preset's.</summary>
internal static class AdaptOptions
{
    public const string Paper = "paper", Seed = "seed";
    private const int MostRounds = 1_000_000;

    public static Option<string> Features() => File("--features", "Image features, a .npy file [N,D].");

    public static Option<string> Text() => File("--text", "Text proxies, a .npy file [C,D]: a unit row for each class.");

    public static Option<string?> OptionalFile(string name, string description) => new(name) { Description = description };

    public static Option<string> File(string name, string description) => new(name) { Description = description, Required = true };

    /// <summary>The first word is the default.</summary>
    public static Option<string> Preset(string description, params string[] words)
    {
        var option = new Option<string>("--preset") { Description = description, DefaultValueFactory = _ => words[0] };
        option.AcceptOnlyFromAmong(words);
        return option;
    }

    public static Option<double?> Positive(string name, string description) =>
        NumberOption.Optional<double>(name, description, value => value > 0 && double.IsFinite(value), "a number above 0");

    public static Option<double?> NotNegative(string name, string description) =>
        NumberOption.Optional<double>(name, description, value => value >= 0 && double.IsFinite(value), "a number of at least 0");

    public static Option<double?> Share(string name, string description) =>
        NumberOption.Optional<double>(name, description, value => value is >= 0 and <= 1, "a number from 0 to 1");

    public static Option<int?> Rounds(string name, string description, int least = 1) =>
        NumberOption.Optional(name, description, least, MostRounds);

    public static Option<long?> Count(string name, string description) =>
        NumberOption.Optional<long>(name, description, value => value >= 1, "a number of at least 1");

    /// <summary>Refuses one of two options that only make sense together.</summary>
    public static void Together(ParseResult parsed, Option one, Option other)
    {
        if (IsGiven(parsed, one) != IsGiven(parsed, other)) throw LocalVerb.Invalid($"{one.Name} and {other.Name} go together: give both");
    }

    /// <summary>Refuses two options that contradict each other.</summary>
    public static void Apart(ParseResult parsed, Option one, Option other)
    {
        if (IsGiven(parsed, one) && IsGiven(parsed, other))
            throw LocalVerb.Invalid($"{one.Name} and {other.Name} contradict each other: give one");
    }

    /// <summary>Refuses options that the chosen preset does not know.</summary>
    public static void OnlyWith(ParseResult parsed, Option<string> preset, string[] words, params Option[] options)
    {
        if (words.Contains(parsed.GetValue(preset))) return;
        if (Array.Find(options, option => IsGiven(parsed, option)) is { } given)
            throw LocalVerb.Invalid($"{given.Name} goes with {preset.Name} {string.Join(" or ", words)} only");
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };
}
