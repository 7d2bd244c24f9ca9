using System.Buffers.Binary;

namespace FewShotCluster.Vision.Imaging;

/// <summary>What a file's structure says about the work and memory its pixels will take, read without decoding them.</summary>
internal static class DecodingCost
{
    // libjpeg-turbo's own pictures have ten scans, the most eager optimisers some thirty.
    private const int MaxScans = 100, UsualScans = 20;
    private const int DeflatesBest = 1032, JpegPixelsPerByte = 1024, GifPixelsPerByte = 2731;

    /// <summary>Refuses pictures whose decoding would cost much more than their size allows or cannot succeed.</summary>
    /// <exception cref="ImageException">A JPEG of too many scans, or far too few bytes for the pixels that the header claims.</exception>
    public static void Check(ReadOnlySpan<byte> bytes, ImageHeader header, ImageLimits limits)
    {
        if (LeastBytes(bytes, header) > bytes.Length)
            throw new InvalidImageException(
                $"{header.Format} of {header.Width} x {header.Height} pixels is cut short: {bytes.Length} bytes cannot hold them");
        if (header.Format != ImageFormat.Jpeg) return;
        // Each scan passes over all pixels, and an empty one takes thirty bytes.
        var scans = JpegScans.Count(bytes, MaxScans + 1);
        if (scans > MaxScans || (Int128)scans * header.Width * header.Height > (Int128)UsualScans * limits.MaxPixels)
            throw new ImageTooLargeException(
                $"JPEG of {header.Width} x {header.Height} pixels in {scans} or more scans takes too much work");
    }

    /// <summary>No file with fewer bytes holds the pixels; 0 where a coding can leave pixels out.</summary>
    private static long LeastBytes(ReadOnlySpan<byte> bytes, ImageHeader header)
    {
        long width = header.Width, height = header.Height;
        return header.Format switch
        {
            // One bit a block of 64 pixels in the first scan, and a factor of two for sampling.
            ImageFormat.Jpeg => width * height / JpegPixelsPerByte,
            ImageFormat.Png when bytes.Length > 25 => height * ((width * BitsPerPixel(bytes[24], bytes[25]) + 7) / 8 + 1) / DeflatesBest,
            ImageFormat.Bmp when bytes.Length > 33 && BinaryPrimitives.ReadUInt32LittleEndian(bytes[14..]) > 12
                && BinaryPrimitives.ReadUInt32LittleEndian(bytes[30..]) == 0 =>
                height * ((width * BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]) + 31) / 32 * 4),
            // A code of 12 bits stands for at most 4096 pixels.
            ImageFormat.Gif => GifFrame.Pixels(bytes) / GifPixelsPerByte,
            _ => 0,
        };
    }

    private static int BitsPerPixel(int depth, int colourType) => depth * colourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
}
