using System.Numerics;

namespace FewShotCluster.Demo.World;

/// <summary>What a part is painted with: the body's texture, a colour derived from the body's, or a colour of its own.</summary>
public readonly record struct Ink
{
    private enum Source { Own, Texture, Main, Second, Dark, Light }

    private Source From { get; init; }
    private Rgb Own { get; init; }

    public static Ink Body { get; } = new() { From = Source.Texture };
    public static Ink Main { get; } = new() { From = Source.Main };
    public static Ink Second { get; } = new() { From = Source.Second };
    public static Ink Dark { get; } = new() { From = Source.Dark };
    public static Ink Light { get; } = new() { From = Source.Light };

    // Colours that many things share.
    public static Ink Coal { get; } = Of(25, 25, 28);
    public static Ink Glass { get; } = Of(190, 222, 240);
    public static Ink Chalk { get; } = Of(245, 245, 245);

    public static Ink Of(byte r, byte g, byte b) => new() { Own = new Rgb(r, g, b) };

    /// <summary>The colour on a body of this texture; none for the texture itself.</summary>
    public Rgb? On(Texture texture) => From switch
    {
        Source.Texture => null,
        Source.Main => texture.Main,
        Source.Second => texture.Second,
        Source.Dark => texture.Main.Mix(Rgb.Black, .45),
        Source.Light => texture.Main.Mix(Rgb.White, .5),
        _ => Own,
    };
}

/// <summary>Draws in an object's own coordinates, [-1, 1] with y downwards, through one affine map into the picture.</summary>
public sealed class ObjectPen(Texture texture, Placement placement, List<DrawCommand> commands)
{
    private const int OvalCorners = 26;

    public void Polygon(Ink ink, params ReadOnlySpan<(double X, double Y)> points) =>
        commands.Add(new FillPolygon(placement.Map(points), ink.On(texture)));

    public void Box(Ink ink, double left, double top, double right, double bottom) =>
        Polygon(ink, (left, top), (right, top), (right, bottom), (left, bottom));

    public void Oval(Ink ink, double x, double y, double radiusX, double radiusY, double rotation = 0)
    {
        var (sine, cosine) = Math.SinCos(rotation);
        Span<(double, double)> corners = stackalloc (double, double)[OvalCorners];
        for (var i = 0; i < OvalCorners; i++)
        {
            var (up, along) = Math.SinCos(2 * Math.PI * i / OvalCorners);
            (up, along) = (up * radiusY, along * radiusX);
            corners[i] = (x + cosine * along - sine * up, y + sine * along + cosine * up);
        }
        Polygon(ink, corners);
    }

    public void Stroke(Ink ink, double width, params ReadOnlySpan<(double X, double Y)> points) =>
        commands.Add(new StrokeLine(placement.Map(points), ink.On(texture), Math.Max(Placement.ThinnestLine, width * placement.Scale)));

    /// <summary>Corners of a curve given by a parameter's whole steps 0, 1, ... <paramref name="last"/>.</summary>
    public static (double X, double Y)[] Curve(int last, Func<int, (double X, double Y)> at) =>
        [.. Enumerable.Range(0, last + 1).Select(at)];
}

/// <summary>Where and how an object stands: scale in pixels, rotation, mirroring (1 or -1), stretch of the width.</summary>
public sealed record Placement(double Scale, double Rotation, int Mirror, double CenterX, double CenterY, double Aspect)
{
    public const double ThinnestLine = 4.0 / 3;

    public Vector2[] Map(ReadOnlySpan<(double X, double Y)> points)
    {
        var (sine, cosine) = Math.SinCos(Rotation);
        var mapped = new Vector2[points.Length];
        for (var i = 0; i < points.Length; i++)
        {
            var x = points[i].X * Scale * Mirror * Aspect;
            var y = points[i].Y * Scale / Aspect;
            mapped[i] = new Vector2((float)(cosine * x - sine * y + CenterX), (float)(sine * x + cosine * y + CenterY));
        }
        return mapped;
    }
}
