using System.Buffers.Binary;

namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// Format and size from the first bytes of each format. Reading past the end throws ArgumentOutOfRangeException or
/// IndexOutOfRangeException, which <see cref="ImageHeader.Read"/> turns into its own.
/// </summary>
internal static class HeaderParser
{
    public static (ImageFormat Format, long Width, long Height) Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8])) return Jpeg(bytes);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10])) return Png(bytes);
        if (bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8)) return WebP(bytes);
        if (bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8)) return (ImageFormat.Gif, Word(bytes, 6), Word(bytes, 8));
        if (bytes.StartsWith("BM"u8)) return Bmp(bytes);
        if (bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8)) return Tiff(bytes);
        throw new InvalidImageException("not an image of a known format (JPEG, PNG, WebP, GIF, BMP or TIFF)");
    }

    /// <summary>Walks the marker segments to the frame header (ITU T.81, B.2).</summary>
    private static (ImageFormat, long, long) Jpeg(ReadOnlySpan<byte> bytes)
    {
        const byte startOfScan = 0xDA, endOfImage = 0xD9;
        for (var position = 2; ;)
        {
            while (bytes[position] != 0xFF) position++; // decoders skip stray bytes between segments
            while (bytes[position] == 0xFF) position++; // fill bytes
            var marker = bytes[position++];
            if (marker is 0x00 or 0x01 or (>= 0xD0 and <= 0xD8)) continue; // markers without a segment
            if (marker is startOfScan or endOfImage) throw new InvalidImageException($"JPEG without a frame header before byte {position}");
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[position..]);
            if (length < 2) throw new InvalidImageException($"JPEG segment {marker:X2} at byte {position} has length {length}");
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
                return (ImageFormat.Jpeg, BinaryPrimitives.ReadUInt16BigEndian(bytes[(position + 5)..]),
                    BinaryPrimitives.ReadUInt16BigEndian(bytes[(position + 3)..]));
            position += length;
        }
    }

    private static (ImageFormat, long, long) Png(ReadOnlySpan<byte> bytes)
    {
        if (!bytes[12..].StartsWith("IHDR"u8)) throw new InvalidImageException("PNG does not begin with an IHDR chunk");
        return (ImageFormat.Png, BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]));
    }

    private static (ImageFormat, long, long) WebP(ReadOnlySpan<byte> bytes)
    {
        var chunk = bytes[12..16];
        if (chunk.SequenceEqual("VP8X"u8)) return (ImageFormat.WebP, 1 + Triple(bytes, 24), 1 + Triple(bytes, 27));
        if (chunk.SequenceEqual("VP8L"u8))
        {
            var packed = BinaryPrimitives.ReadUInt32LittleEndian(bytes[21..]);
            return (ImageFormat.WebP, 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF));
        }
        if (chunk.SequenceEqual("VP8 "u8)) return (ImageFormat.WebP, Word(bytes, 26) & 0x3FFF, Word(bytes, 28) & 0x3FFF);
        throw new InvalidImageException("WebP without an image chunk at byte 12");
    }

    private static (ImageFormat, long, long) Bmp(ReadOnlySpan<byte> bytes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[14..]) == 12) return (ImageFormat.Bmp, Word(bytes, 18), Word(bytes, 20)); // OS/2
        // A negative height means rows from the top.
        long width = BinaryPrimitives.ReadInt32LittleEndian(bytes[18..]), height = BinaryPrimitives.ReadInt32LittleEndian(bytes[22..]);
        return (ImageFormat.Bmp, width, Math.Abs(height));
    }

    private static (ImageFormat, long, long) Tiff(ReadOnlySpan<byte> bytes)
    {
        var directory = TiffDirectory.Read(bytes);
        return (ImageFormat.Tiff, directory.Width, directory.Height);
    }

    private static long Word(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static long Triple(ReadOnlySpan<byte> bytes, int offset) => bytes[offset] | bytes[offset + 1] << 8 | bytes[offset + 2] << 16;
}
