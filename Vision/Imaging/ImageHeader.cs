namespace FewShotCluster.Vision.Imaging;

/// <summary>Formats that are read, recognised by content and never by file name.</summary>
public enum ImageFormat
{
    /// <summary>JPEG, baseline and progressive, grey, RGB, CMYK.</summary>
    Jpeg,

    /// <summary>PNG, all colour types and depths.</summary>
    Png,

    /// <summary>WebP, lossy and lossless.</summary>
    WebP,

    /// <summary>GIF; the first frame.</summary>
    Gif,

    /// <summary>Windows bitmap.</summary>
    Bmp,

    /// <summary>Baseline TIFF; the first page.</summary>
    Tiff,
}

/// <summary>What an image says of itself, read without decoding it.</summary>
/// <param name="Format">The container format.</param>
/// <param name="Width">Pixels in a row as stored (EXIF orientation not applied).</param>
/// <param name="Height">Rows as stored.</param>
public sealed record ImageHeader(ImageFormat Format, int Width, int Height)
{
    /// <summary>Reads format and size from the first bytes.</summary>
    /// <exception cref="InvalidImageException">Empty, no known image format, cut inside the header, or a size of zero.</exception>
    public static ImageHeader Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) throw new InvalidImageException("the image is empty (0 bytes)");
        try
        {
            var (format, width, height) = HeaderParser.Parse(bytes);
            return width is > 0 and <= int.MaxValue && height is > 0 and <= int.MaxValue
                ? new ImageHeader(format, (int)width, (int)height)
                : throw new InvalidImageException($"{format} header declares {width} x {height} pixels");
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            // The parsers slice where the format says the next field is; a short file has no such place.
            throw new InvalidImageException($"the image ends inside its header ({bytes.Length} bytes)", e);
        }
    }
}
