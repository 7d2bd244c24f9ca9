namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// A decoded picture: 8-bit RGB, rows from the top, held as four bytes a pixel (R, G, B, unused) because that is what decoders write
/// and vector code reads fastest.
/// </summary>
public sealed class RgbImage
{
    internal const int BytesPerPixel = 4;

    private readonly byte[] _pixels;

    /// <summary>Takes ownership of <paramref name="rgbx"/>.</summary>
    internal RgbImage(int width, int height, byte[] rgbx)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (rgbx.Length != (long)width * height * BytesPerPixel)
            throw new ArgumentException($"{rgbx.Length} bytes for {width} x {height} pixels of {BytesPerPixel} bytes", nameof(rgbx));
        (Width, Height, _pixels) = (width, height, rgbx);
    }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>[Height, Width, 4] bytes: red, green, blue and one without meaning.</summary>
    public ReadOnlySpan<byte> Rgbx => _pixels;

    /// <summary>Copies [height, width, 3] bytes (red, green, blue) into a new image.</summary>
    public static RgbImage FromRgb(int width, int height, ReadOnlySpan<byte> rgb)
    {
        if (rgb.Length != (long)width * height * 3)
            throw new ArgumentException($"{rgb.Length} bytes for {width} x {height} RGB pixels", nameof(rgb));
        var pixels = new byte[(long)width * height * BytesPerPixel];
        for (int from = 0, to = 0; from < rgb.Length; from += 3, to += BytesPerPixel)
        {
            rgb.Slice(from, 3).CopyTo(pixels.AsSpan(to));
            pixels[to + 3] = 255;
        }
        return new RgbImage(width, height, pixels);
    }

    /// <summary>A new array [Height, Width, 3]: red, green, blue.</summary>
    public byte[] ToRgb()
    {
        var rgb = new byte[(long)Width * Height * 3];
        for (int from = 0, to = 0; to < rgb.Length; from += BytesPerPixel, to += 3)
            _pixels.AsSpan(from, 3).CopyTo(rgb.AsSpan(to));
        return rgb;
    }

    /// <summary>A new array [3, Height, Width]: the red plane, the green, the blue.</summary>
    public byte[] ToPlanes()
    {
        var plane = Width * Height;
        var planes = new byte[3L * plane];
        for (var i = 0; i < plane; i++)
        {
            planes[i] = _pixels[BytesPerPixel * i];
            planes[plane + i] = _pixels[BytesPerPixel * i + 1];
            planes[2 * plane + i] = _pixels[BytesPerPixel * i + 2];
        }
        return planes;
    }
}
