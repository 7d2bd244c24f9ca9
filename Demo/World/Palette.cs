namespace FewShotCluster.Demo.World;

/// <summary>The ten colours, in HSV with jitter.</summary>
public static class Palette
{
    public static readonly IReadOnlyList<WorldColor> Colors = Enum.GetValues<WorldColor>();

    public static Rgb Shade(WorldColor color, WorldRandom random, double hueShift = 0)
    {
        var (hue, saturation, value) = Typical(color);
        hue += hueShift + random.Gaussian(0, 5);
        saturation *= 1 + random.Gaussian(0, .1);
        value *= 1 + random.Gaussian(0, .08);
        return Rgb.FromHsv(hue, Math.Clamp(saturation, 0, 1), Math.Clamp(value, 0, 1));
    }

    /// <summary>A colour drawn from all but one.</summary>
    public static WorldColor Other(WorldColor than, WorldRandom random) =>
        (WorldColor)(((int)than + random.Integer(1, Colors.Count - 1)) % Colors.Count);

    private static (double Hue, double Saturation, double Value) Typical(WorldColor color) => color switch
    {
        WorldColor.Red => (356, .85, .85),
        WorldColor.Orange => (26, .9, .95),
        WorldColor.Yellow => (52, .85, .95),
        WorldColor.Green => (125, .7, .65),
        WorldColor.Blue => (218, .8, .85),
        WorldColor.Purple => (275, .65, .7),
        WorldColor.Pink => (330, .42, .97),
        WorldColor.Brown => (24, .62, .5),
        WorldColor.Black => (0, .05, .14),
        WorldColor.White => (40, .04, .96),
        _ => throw new ArgumentOutOfRangeException(nameof(color), color, "not a colour of the world"),
    };
}
