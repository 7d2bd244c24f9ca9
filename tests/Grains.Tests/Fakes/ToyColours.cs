namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>The toy world: a class is a colour, its feature the colour's direction.</summary>
internal static class ToyColours
{
    private static readonly Dictionary<string, (byte R, byte G, byte B)> Known = new()
    {
        ["red"] = (255, 0, 0),
        ["green"] = (0, 255, 0),
        ["blue"] = (0, 0, 255),
        ["yellow"] = (255, 255, 0),
        ["cyan"] = (0, 255, 255),
        ["magenta"] = (255, 0, 255),
    };

    public static (byte R, byte G, byte B) Rgb(string name) => Known[name];

    /// <summary>The direction of the first colour that a text names; texts without one point nowhere near any.</summary>
    public static float[] OfText(string text) => Known.Keys.FirstOrDefault(text.Contains) is { } name
        ? Direction(Known[name].R, Known[name].G, Known[name].B)
        : [0, 0, 0, 1];

    public static float[] Direction(double r, double g, double b)
    {
        var length = Math.Sqrt(r * r + g * g + b * b + 1);
        return [(float)(r / length), (float)(g / length), (float)(b / length), (float)(1 / length)];
    }
}
