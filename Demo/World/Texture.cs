namespace FewShotCluster.Demo.World;

/// <summary>
/// What fills a body: the main colour, and the second one where the pattern says so. Patterns live in the picture's coordinates
/// (pixels), not in the object's: a striped cat is cut out of striped cloth.
/// </summary>
public abstract record Texture(Rgb Main, Rgb Second)
{
    /// <summary>Whether the point shows the second colour.</summary>
    public abstract bool ShowsSecond(double x, double y);

    public static Texture Random(Pattern pattern, Rgb main, Rgb second, WorldRandom random, double scale = 1)
    {
        if (pattern == Pattern.Plain)
            return new PlainTexture(main, second);
        var angle = pattern == Pattern.Striped ? random.Gaussian(Math.PI / 2, .7) : random.Uniform(0, Math.PI);
        var width = Picture.Side * random.Uniform(.055, .085) * scale;
        var weave = new Weave(angle, width, random.Unit(), random.Unit());
        return pattern switch
        {
            Pattern.Striped => new StripedTexture(main, second, weave),
            Pattern.Checked => new CheckedTexture(main, second, weave),
            _ => new SpottedTexture(main, second, weave),
        };
    }
}

public sealed record PlainTexture(Rgb Main, Rgb Second) : Texture(Main, Second)
{
    public override bool ShowsSecond(double x, double y) => false;
}

/// <summary>A rotated grid: coordinates in units of a stripe's width.</summary>
public readonly record struct Weave(double Angle, double Width, double PhaseU, double PhaseV)
{
    private readonly (double Sin, double Cos) _turn = Math.SinCos(Angle);

    public double U(double x, double y) => (x * _turn.Sin + y * _turn.Cos) / Width + PhaseU;

    public double V(double x, double y) => (x * _turn.Cos - y * _turn.Sin) / Width + PhaseV;
}

public sealed record StripedTexture(Rgb Main, Rgb Second, Weave Weave) : Texture(Main, Second)
{
    public override bool ShowsSecond(double x, double y) => ((int)Math.Floor(Weave.U(x, y)) & 1) == 0;
}

public sealed record CheckedTexture(Rgb Main, Rgb Second, Weave Weave) : Texture(Main, Second)
{
    public override bool ShowsSecond(double x, double y) =>
        (((int)Math.Floor(Weave.U(x, y)) + (int)Math.Floor(Weave.V(x, y))) & 1) == 0;
}

public sealed record SpottedTexture(Rgb Main, Rgb Second, Weave Weave) : Texture(Main, Second)
{
    public override bool ShowsSecond(double x, double y)
    {
        var u = FromCellCenter(.75 * Weave.U(x, y));
        var v = FromCellCenter(.75 * Weave.V(x, y));
        return u * u + v * v < .085;
    }

    private static double FromCellCenter(double value) => value - Math.Floor(value) - .5;
}

/// <summary>Large random blots, a dog's coat.</summary>
public sealed record PatchedTexture(Rgb Main, Rgb Second, IReadOnlyList<Patch> Patches) : Texture(Main, Second)
{
    public override bool ShowsSecond(double x, double y)
    {
        foreach (var patch in Patches)
            if (patch.Contains(x, y))
                return true;
        return false;
    }

    public static PatchedTexture Random(Rgb main, Rgb second, WorldRandom random) => new(
        main,
        second,
        [.. Enumerable.Range(0, 14).Select(_ => new Patch(
            random.Uniform(0, Picture.Side), random.Uniform(0, Picture.Side), Picture.Side * random.Uniform(.06, .13)))]);
}

/// <summary>A flat oval of a patched coat.</summary>
public readonly record struct Patch(double X, double Y, double Radius)
{
    public bool Contains(double x, double y)
    {
        var (dx, dy) = (x - X, (y - Y) / .8);
        return dx * dx + dy * dy < Radius * Radius;
    }
}
