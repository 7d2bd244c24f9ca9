using FewShotCluster.Vision.Numerics;
using SkiaSharp;

namespace FewShotCluster.Bench.Serving;

/// <summary>Small pictures as photos of the usual size, so that decoding and resizing cost what they cost users.</summary>
internal static class EnlargedPhoto
{
    private const int Width = 500, Height = 375, Quality = 92, Grain = 24;

    /// <summary>A JPEG of 500 x 375 with a sensor's grain.</summary>
    public static byte[] Of(byte[] jpeg)
    {
        using var small = SKBitmap.Decode(jpeg);
        using var photo = small.Resize(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque), new SKSamplingOptions(SKCubicResampler.Mitchell));
        var random = new SplitMix64(1);
        foreach (ref var value in photo.GetPixelSpan()) value = (byte)Math.Clamp(value + random.Below(Grain) - Grain / 2, 0, 255);
        using var data = photo.Encode(SKEncodedImageFormat.Jpeg, Quality);
        return data.ToArray();
    }
}
