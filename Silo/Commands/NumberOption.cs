using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace FewShotCluster.Silo.Commands;

/// <summary>
/// Options that are numbers within bounds: what is no number at all is refused with the same words as what is out of bounds. A validator
/// would not do: the value of an option that did not parse throws where it is asked for.
/// </summary>
internal static class NumberOption
{
    /// <summary>Null where it is not given.</summary>
    public static Option<T?> Optional<T>(string name, string description, Func<T, bool> isAllowed, string allowed)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            CustomParser = result => Parse(result, name, isAllowed, allowed),
        };

    public static Option<T?> Optional<T>(string name, string description, T least, T most) where T : struct, INumber<T> =>
        Optional<T>(name, description, value => value >= least && value <= most, Between(least, most));

    public static Option<T> Usual<T>(string name, string description, T usual, T least, T most) where T : struct, INumber<T> => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => usual,
        CustomParser = result => Parse<T>(result, name, value => value >= least && value <= most, Between(least, most)) ?? usual,
    };

    private static T? Parse<T>(ArgumentResult result, string name, Func<T, bool> isAllowed, string allowed) where T : struct, INumber<T>
    {
        // Not more than digits, a point and an exponent: '0,5' would be 5 to the usual styles.
        if (T.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && isAllowed(value))
            return value;
        result.AddError($"{name}: allowed is {allowed}");
        return null;
    }

    private static string Between<T>(T least, T most) where T : INumber<T> =>
        string.Create(CultureInfo.InvariantCulture, $"{least} to {most}");
}
