using System.Buffers.Binary;
using FewShotCluster.Vision.Numerics;
using SkiaSharp;

namespace FewShotCluster.Bench.Robustness;

/// <summary>A small picture in every format that is read.</summary>
internal static class SeedPictures
{
    private const int Width = 37, Height = 29;

    public static IEnumerable<FuzzSeed> Create()
    {
        using var colour = Draw(SKColorType.Rgba8888);
        using var grey = Draw(SKColorType.Gray8);
        foreach (var (name, bitmap) in new[] { ("rgb", colour), ("grey", grey) })
        {
            yield return Encode($"{name}.jpg", bitmap, SKEncodedImageFormat.Jpeg, 80);
            yield return Encode($"{name}.png", bitmap, SKEncodedImageFormat.Png, 100);
            yield return Encode($"{name}.webp", bitmap, SKEncodedImageFormat.Webp, 70);
        }
        yield return Encode("lossless.webp", colour, SKEncodedImageFormat.Webp, 100);
        var pixels = grey.GetPixelSpan().ToArray();
        yield return new("grey.gif", FuzzKind.Image, Gif(pixels));
        yield return new("grey.bmp", FuzzKind.Image, Bmp(pixels));
        yield return new("grey.tif", FuzzKind.Image, Tiff(pixels));
    }

    private static SKBitmap Draw(SKColorType type)
    {
        // A gradient with noise, so that no coder finds a shortcut.
        var random = new SplitMix64(7);
        var bitmap = new SKBitmap(new SKImageInfo(Width, Height, type, SKAlphaType.Opaque));
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
                bitmap.SetPixel(x, y, new SKColor((byte)(6 * x), (byte)(8 * y), (byte)(100 + random.Below(32))));
        return bitmap;
    }

    private static FuzzSeed Encode(string name, SKBitmap bitmap, SKEncodedImageFormat format, int quality)
    {
        using var data = bitmap.Encode(format, quality);
        return new(name, FuzzKind.Image, data.ToArray());
    }

    /// <summary>Four greys in three-bit codes; a clear code in front of every two keeps the codes from growing.</summary>
    private static byte[] Gif(byte[] pixels)
    {
        const int clear = 4, end = 5;
        var codes = pixels.Chunk(2).SelectMany(pair => new[] { clear }.Concat(pair.Select(p => p >> 6))).Append(end).ToList();
        var packed = new byte[(3 * codes.Count + 7) / 8];
        for (var bit = 0; bit < 3 * codes.Count; bit++) packed[bit / 8] |= (byte)((codes[bit / 3] >> bit % 3 & 1) << bit % 8);
        byte[] palette = [.. Enumerable.Range(0, 4).SelectMany(i => Enumerable.Repeat((byte)(85 * i), 3))];
        return
        [
            .. "GIF89a"u8, Width, 0, Height, 0, 0x81, 0, 0, .. palette, 0x2C, 0, 0, 0, 0, Width, 0, Height, 0, 0, 2,
            .. packed.Chunk(255).SelectMany(block => block.Prepend((byte)block.Length)), 0, 0x3B,
        ];
    }

    private static byte[] Bmp(byte[] pixels)
    {
        const int headers = 54, row = (3 * Width + 3) / 4 * 4;
        var file = new byte[headers + row * Height];
        "BM"u8.CopyTo(file);
        foreach (var (at, value) in new[] { (2, file.Length), (10, headers), (14, 40), (18, Width), (22, Height), (26, 1 | 24 << 16) })
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        for (var i = 0; i < pixels.Length; i++) file.AsSpan(headers + row * (i / Width) + 3 * (i % Width), 3).Fill(pixels[i]);
        return file;
    }

    private static byte[] Tiff(byte[] pixels)
    {
        (int Tag, int Value)[] tags =
        [
            (256, Width), (257, Height), (258, 8), (259, 1), (262, 1), (273, 0), (277, 1), (278, Height), (279, pixels.Length), (284, 1),
        ];
        var start = 8 + 2 + 12 * tags.Length + 4;
        var file = new byte[start + pixels.Length];
        "II*\0"u8.CopyTo(file);
        file[4] = 8;
        file[8] = (byte)tags.Length;
        foreach (var (i, (tag, value)) in tags.Index())
        {
            var entry = file.AsSpan(10 + 12 * i);
            BinaryPrimitives.WriteInt16LittleEndian(entry, (short)tag);
            entry[2] = 4;
            entry[4] = 1;
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], tag == 273 ? start : value);
        }
        pixels.CopyTo(file, start);
        return file;
    }
}
