namespace FewShotCluster.Vision.Imaging;

/// <summary>Turns the bytes of a JPEG, PNG, WebP, GIF, BMP or TIFF file into RGB pixels, as Pillow's <c>convert("RGB")</c> would.</summary>
public static class ImageDecoder
{
    /// <summary>Decodes the first frame. Alpha is dropped, not blended; 16-bit samples become their high byte.</summary>
    /// <returns>The caller's; disposing it gives its memory to the next picture.</returns>
    /// <param name="bytes">The whole file.</param>
    /// <param name="limits">Checked before decoding; <see cref="ImageLimits.Default"/> if null.</param>
    /// <param name="orientation">Whether a camera's orientation note turns the picture; by default not, as in CLIP's own code.</param>
    /// <exception cref="InvalidImageException">Empty, unknown, damaged or truncated.</exception>
    /// <exception cref="ImageTooLargeException">Beyond the limits, or a JPEG of so many scans that it takes as much work.</exception>
    public static RgbImage Decode(
        ReadOnlyMemory<byte> bytes, ImageLimits? limits = null, ExifOrientation orientation = ExifOrientation.Ignore)
    {
        limits ??= ImageLimits.Default;
        limits.CheckBytes(bytes.Length);
        var header = ImageHeader.Read(bytes.Span);
        limits.CheckPixels(header.Width, header.Height);
        DecodingCost.Check(bytes.Span, header, limits);
        return header.Format == ImageFormat.Tiff
            ? TiffDecoder.Decode(bytes.Span, orientation)
            : SkiaCodec.Decode(bytes, header, limits, orientation);
    }
}
