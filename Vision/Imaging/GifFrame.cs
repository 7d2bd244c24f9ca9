using System.Buffers.Binary;

namespace FewShotCluster.Vision.Imaging;

/// <summary>The first frame of a GIF (GIF89a specification, sections 20 and 22 to 26), which need not be as large as the screen.</summary>
internal static class GifFrame
{
    /// <summary>Its pixels; 0 where the file is damaged in front of it.</summary>
    public static long Pixels(ReadOnlySpan<byte> bytes)
    {
        const byte extension = 0x21, image = 0x2C;
        const int screen = 13, flags = 10;
        if (bytes.Length < screen) return 0;
        for (var at = screen + PaletteBytes(bytes[flags]); at < bytes.Length && bytes[at] is (extension or image);)
        {
            if (bytes[at] == image)
                return bytes.Length - at < 9 ? 0 : (long)Word(bytes, at + 5) * Word(bytes, at + 7);
            at += 2; // its label, then blocks to an empty one
            while (at < bytes.Length && bytes[at] > 0) at += 1 + bytes[at];
            at++;
        }
        return 0;
    }

    private static int Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static int PaletteBytes(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << (flags & 7) + 1;
}
