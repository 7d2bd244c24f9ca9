using System.Buffers.Binary;

namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// Texts and colour profiles of a PNG (W3C PNG, section 11.3): libpng inflates them, which may take seconds for a megabyte, and nothing
/// here uses them.
/// </summary>
internal static class PngChunks
{
    // Up to here they cost less than the copy.
    private const int Harmless = 1 << 14;
    private const int Signature = 8, Frame = 12;

    /// <summary>The file without them where they are large; else the file itself.</summary>
    public static ReadOnlyMemory<byte> WithoutTexts(ReadOnlyMemory<byte> file)
    {
        var unused = 0L;
        Walk(file.Span, (_, length, isUnused) => unused += isUnused ? length : 0);
        if (unused <= Harmless) return file;
        var lean = new MemoryStream();
        lean.Write(file.Span[..Signature]);
        var end = Walk(file.Span, (start, length, isUnused) =>
        {
            if (!isUnused) lean.Write(file.Span.Slice(start, length));
        });
        lean.Write(file.Span[end..]);
        return lean.GetBuffer().AsMemory(0, (int)lean.Length);
    }

    /// <summary>Calls back for each whole chunk; returns where the last one ends.</summary>
    private static int Walk(ReadOnlySpan<byte> bytes, Action<int, int, bool> chunk)
    {
        var position = Signature;
        while (bytes.Length - position >= Frame)
        {
            var length = Frame + (long)BinaryPrimitives.ReadUInt32BigEndian(bytes[position..]);
            if (length > bytes.Length - position) break;
            var type = bytes.Slice(position + 4, 4);
            chunk(position, (int)length, type.SequenceEqual("tEXt"u8) || type.SequenceEqual("zTXt"u8) || type.SequenceEqual("iTXt"u8)
                || type.SequenceEqual("iCCP"u8));
            position += (int)length;
        }
        return position;
    }
}
