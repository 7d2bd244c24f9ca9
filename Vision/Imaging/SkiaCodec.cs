using SkiaSharp;

namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// Decodes through Skia (libjpeg-turbo, libpng, libwebp), whose pixels equal Pillow's. The only class that knows the library, so that
/// another can take its place. Colour profiles and gamma are ignored, alpha is dropped and not blended, 16 bits become the high byte.
/// </summary>
internal static class SkiaCodec
{
    public static unsafe RgbImage Decode(ReadOnlyMemory<byte> bytes, ImageHeader header, ImageLimits limits, ExifOrientation orientation)
    {
        if (header.Format == ImageFormat.Png) bytes = PngChunks.WithoutTexts(bytes);
        using var pin = bytes.Pin();
        using var data = SKData.Create((nint)pin.Pointer, bytes.Length);
        using var codec = SKCodec.Create(data)
            ?? throw new InvalidImageException($"{Name(header)}: damaged header or unsupported variant");
        limits.CheckPixels(codec.Info.Width, codec.Info.Height); // a GIF's first frame may exceed its screen

        // Unpremultiplied, so that the colour below transparent pixels stays; no colour space, so that nothing is converted.
        var alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul;
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, alpha, null);
        var image = RgbImage.Rent(info.Width, info.Height);
        try
        {
            fixed (byte* target = image.Writable)
            {
                // The memory is another picture's: where a frame leaves pixels out, Skia must clear them.
                var options = new SKCodecOptions(0) { ZeroInitialized = SKZeroInitialized.No };
                var result = codec.GetPixels(info, (nint)target, info.RowBytes, options);
                if (result != SKCodecResult.Success) throw new InvalidImageException(Describe(result, header));
            }
            if (orientation == ExifOrientation.Ignore) return image;
            var upright = Orientation.Apply(image, (int)codec.EncodedOrigin);
            if (upright != image) image.Dispose();
            return upright;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    private static string Name(ImageHeader header) => $"{header.Format} of {header.Width} x {header.Height} pixels";

    private static string Describe(SKCodecResult result, ImageHeader header)
    {
        var what = Name(header);
        return result switch
        {
            SKCodecResult.IncompleteInput => $"{what} is cut short",
            SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => $"{what} has damaged pixel data",
            _ => $"{what} could not be decoded ({result})",
        };
    }
}
