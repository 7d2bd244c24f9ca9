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
        using var pin = bytes.Pin();
        using var data = SKData.Create((nint)pin.Pointer, bytes.Length);
        using var codec = SKCodec.Create(data)
            ?? throw new InvalidImageException($"{Name(header)}: damaged header or unsupported variant");
        limits.CheckPixels(codec.Info.Width, codec.Info.Height); // a GIF's first frame may exceed its screen

        // Unpremultiplied, so that the colour below transparent pixels stays; no colour space, so that nothing is converted.
        var alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul;
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, alpha, null);
        var pixels = new byte[info.BytesSize64];
        fixed (byte* target = pixels)
        {
            var result = codec.GetPixels(info, (nint)target, info.RowBytes, new SKCodecOptions(0));
            if (result != SKCodecResult.Success) throw new InvalidImageException(Describe(result, header));
        }
        var image = new RgbImage(info.Width, info.Height, pixels);
        return orientation == ExifOrientation.Apply ? Orientation.Apply(image, (int)codec.EncodedOrigin) : image;
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
