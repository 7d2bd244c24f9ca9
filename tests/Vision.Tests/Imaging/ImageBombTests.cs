using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using FewShotCluster.Vision.Imaging;
using SkiaSharp;

namespace FewShotCluster.Vision.Tests.Imaging;

/// <summary>Small files that ask for much work or memory.</summary>
public class ImageBombTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_jpeg_of_endless_scans_is_refused_before_it_is_decoded(bool bounded)
    {
        var jpeg = Jpeg(16, 16);
        var scan = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        byte[] scans = [.. Enumerable.Repeat(jpeg[scan..^2], bounded ? 30 : 200).SelectMany(b => b)];
        var limits = new ImageLimits(MaxPixels: bounded ? 300 : 1_000_000); // 30 scans of 256 pixels are more than 20 of 300
        byte[] file = [.. jpeg[..scan], .. scans, 0xFF, 0xD9];
        var error = Assert.Throws<ImageTooLargeException>(() => ImageDecoder.Decode(file, limits));
        Assert.Contains("scans", error.Message);
    }

    [Fact]
    public void A_thumbnail_inside_a_jpeg_is_no_scan()
    {
        var jpeg = Jpeg(16, 16);
        byte[] thumbnails = [.. Enumerable.Repeat<byte[]>([0xFF, 0xDA], 300).SelectMany(b => b)];
        byte[] whole = [0xFF, 0xD8, 0xFF, 0xE1, 2, 0x5A, .. thumbnails, .. jpeg[2..]];
        Assert.Equal(ImageDecoder.Decode(jpeg).ToRgb(), ImageDecoder.Decode(whole).ToRgb());
    }

    [Theory]
    [InlineData("zTXt")]
    [InlineData("iCCP")]
    public void Texts_and_profiles_of_a_png_are_not_inflated(string type)
    {
        var png = Png(100, 100, Zlib(301 * 100));
        const int afterHeader = 33;
        byte[] bomb = [.. png[..afterHeader], .. Chunk(type, [.. "a\0\0"u8, .. Zlib(64 << 20)]), .. png[afterHeader..]];
        Assert.True(PngChunks.WithoutTexts(bomb).Span.SequenceEqual(png));
        Assert.Equal(ImageDecoder.Decode(png).ToRgb(), ImageDecoder.Decode(bomb).ToRgb());
    }

    [Theory]
    [InlineData("png")]
    [InlineData("gif")]
    [InlineData("bmp")]
    public void Pixels_that_the_file_cannot_hold_take_no_memory(string format)
    {
        const byte low = 7000 & 0xFF, high = 7000 >> 8;
        var file = format switch
        {
            "png" => Png(7000, 7000, Zlib(100)),
            "gif" =>
            [
                .. "GIF89a"u8, low, high, low, high, 0, 0, 0, 0x21, 0xF9, 1, 0, 0,
                0x2C, 0, 0, 0, 0, low, high, low, high, 0, 2, 1, 4, 0, 0x3B,
            ],
            _ => new byte[200],
        };
        if (format == "bmp")
        {
            "BM"u8.CopyTo(file);
            (file[10], file[14], file[18], file[19], file[22], file[23], file[26], file[28]) = (54, 40, low, high, low, high, 1, 24);
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("cannot hold", Assert.Throws<InvalidImageException>(() => ImageDecoder.Decode(file)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(273)]
    [InlineData(1000)]
    public void A_tiff_directory_of_tags_over_the_same_bytes_is_not_read_again_and_again(int firstTag)
    {
        const int tags = 5000, values = 1 << 20;
        var tiff = new byte[8 + 2 + 12 * tags + values];
        "II*\0"u8.CopyTo(tiff);
        tiff[4] = 8;
        BinaryPrimitives.WriteUInt16LittleEndian(tiff.AsSpan(8), tags);
        for (var i = 0; i < tags; i++)
        {
            var entry = tiff.AsSpan(10 + 12 * i);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)(firstTag == 273 ? firstTag : firstTag + i));
            entry[2] = 1;
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], values);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], 10 + 12 * tags);
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidImageException>(() => ImageDecoder.Decode(tiff));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * 8 * values);
    }

    [Fact]
    public void A_picture_leaves_nothing_behind_in_the_memory_that_the_next_one_gets()
    {
        using (var black = ImageDecoder.Decode(Png(64, 64, Zlib(193 * 64)))) Assert.Equal(64, black.Width);
        byte[] gif = // a frame of one pixel on a screen of 64 x 64
        [
            .. "GIF89a"u8, 64, 0, 64, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 0x01, 0, 0x3B,
        ];
        using var first = ImageDecoder.Decode(gif);
        var expected = first.ToRgb();
        first.Dispose();
        using (var noise = RgbImage.Rent(64, 64)) noise.Writable.Fill(77);
        using var second = ImageDecoder.Decode(gif);
        Assert.Equal(expected, second.ToRgb());
        Assert.Throws<ObjectDisposedException>(() => first.ToRgb());
    }

    private static byte[] Jpeg(int width, int height)
    {
        using var bitmap = new SKBitmap(width, height);
        bitmap.Erase(SKColors.Coral);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    private static byte[] Png(uint width, uint height, byte[] pixels)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(header, width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", header), .. Chunk("IDAT", pixels), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string type, ReadOnlySpan<byte> data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        System.Text.Encoding.ASCII.GetBytes(type).CopyTo(chunk, 4);
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc32.HashToUInt32(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    private static byte[] Zlib(int length)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(new byte[length]);
        return packed.ToArray();
    }
}
