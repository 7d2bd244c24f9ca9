using System.Numerics;

namespace FewShotCluster.Demo.World;

/// <summary>
/// A picture before any pixel exists: drawing commands in painting order, the texture that body parts are cut from, and what
/// happens to the pixels afterwards. Equal seeds give equal pictures on every platform; the pixels are Skia's.
/// </summary>
public sealed record Picture(Backdrop Backdrop, Texture Texture, IReadOnlyList<DrawCommand> Commands, Finish Finish)
{
    /// <summary>Width and height in pixels.</summary>
    public const int Side = 128;
}

/// <summary>What the picture starts from: an even colour, or a coarse square grid of colours, smoothly enlarged.</summary>
public sealed record Backdrop(int Cells, IReadOnlyList<Rgb> Colors);

/// <summary>One shape; no colour means the picture's texture. Points are pixels, y downwards.</summary>
public abstract record DrawCommand(IReadOnlyList<Vector2> Points, Rgb? Color);

public sealed record FillPolygon(IReadOnlyList<Vector2> Points, Rgb? Color) : DrawCommand(Points, Color);

/// <summary>A line with round caps and joins.</summary>
public sealed record StrokeLine(IReadOnlyList<Vector2> Points, Rgb? Color, double Width) : DrawCommand(Points, Color);

/// <summary>
/// The camera: blur (radius in pixels, 0 for none), light (<c>Brightness + SlopeX x + SlopeY y</c> over [-1, 1], red and blue
/// tinted), grey Gaussian noise, JPEG quality.
/// </summary>
public sealed record Finish(
    double BlurRadius, double Brightness, double SlopeX, double SlopeY, double TintRed, double TintBlue,
    double NoiseDeviation, ulong NoiseSeed, int JpegQuality);
