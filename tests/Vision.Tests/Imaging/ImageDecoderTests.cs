using System.Buffers.Binary;
using System.Runtime.InteropServices;
using FewShotCluster.Vision.Imaging;
using SkiaSharp;

namespace FewShotCluster.Vision.Tests.Imaging;

/// <summary>Decoding and refusing, on images drawn here.</summary>
public sealed class ImageDecoderTests
{
    [Theory]
    [InlineData(SKEncodedImageFormat.Png, ImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg, ImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp, ImageFormat.WebP)]
    public void A_drawn_picture_is_read_back(SKEncodedImageFormat encoding, ImageFormat format)
    {
        var bytes = Draw(30, 20, encoding);
        Assert.Equal(new ImageHeader(format, 30, 20), ImageHeader.Read(bytes));
        var image = ImageDecoder.Decode(bytes);
        Assert.Equal((30, 20), (image.Width, image.Height));
        var rgb = image.ToRgb();
        AssertNear([255, 0, 0], rgb[..3]); // red left half, blue right half
        AssertNear([0, 0, 255], rgb[^3..]);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void Every_truncation_is_refused(SKEncodedImageFormat encoding)
    {
        var bytes = Draw(30, 20, encoding, noise: true);
        for (var length = 0; length < bytes.Length * 9 / 10; length += 1 + length / 8)
            Assert.Throws<InvalidImageException>(() => ImageDecoder.Decode(bytes.AsMemory(0, length)));
    }

    [Fact]
    public void A_header_that_claims_too_many_pixels_is_refused_before_decoding()
    {
        var bytes = Draw(30, 20, SKEncodedImageFormat.Png);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(16), 60000);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(20), 60000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<ImageTooLargeException>(() => ImageDecoder.Decode(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Contains("60000 x 60000", refusal.Message);
    }

    [Fact]
    public void Limits_of_bytes_and_pixels_hold()
    {
        var bytes = Draw(30, 20, SKEncodedImageFormat.Png);
        Assert.Throws<ImageTooLargeException>(() => ImageDecoder.Decode(bytes, new ImageLimits(MaxBytes: bytes.Length - 1)));
        Assert.Throws<ImageTooLargeException>(() => ImageDecoder.Decode(bytes, new ImageLimits(MaxPixels: 599)));
        Assert.Equal(600 * 3, ImageDecoder.Decode(bytes, new ImageLimits(bytes.Length, 600)).ToRgb().Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello, world")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>")]
    [InlineData("II*\0\b\0\0\0")]
    [InlineData("GIF89a")]
    [InlineData("RIFF")]
    [InlineData("BM")]
    public void What_is_no_image_is_refused(string content) =>
        Assert.Throws<InvalidImageException>(() => ImageDecoder.Decode(System.Text.Encoding.Latin1.GetBytes(content)));

    [Fact]
    public void Transparent_pixels_keep_their_colour()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(2, 1, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        Marshal.Copy((byte[])[10, 20, 30, 0, 40, 50, 60, 128], 0, bitmap.GetPixels(), 8);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        Assert.Equal([10, 20, 30, 40, 50, 60], ImageDecoder.Decode(data.ToArray()).ToRgb());
    }

    [Fact]
    public void Damaged_bytes_never_escape_as_another_exception()
    {
        var random = new Random(7);
        foreach (var encoding in new[] { SKEncodedImageFormat.Png, SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Webp })
        {
            var original = Draw(30, 20, encoding);
            for (var round = 0; round < 200; round++)
            {
                var bytes = original.ToArray();
                for (var i = 0; i < 4; i++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                Assert.True(Record.Exception(() => ImageDecoder.Decode(bytes)) is null or ImageException);
            }
        }
    }

    private static byte[] Draw(int width, int height, SKEncodedImageFormat encoding, bool noise = false)
    {
        var random = new Random(5);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                bitmap.SetPixel(x, y, noise ? new SKColor((uint)random.Next() | 0xFF000000) : x < width / 2 ? SKColors.Red : SKColors.Blue);
        using var data = bitmap.Encode(encoding, 95);
        return data.ToArray();
    }

    private static void AssertNear(byte[] expected, byte[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - 6, pair.First + 6));
}
