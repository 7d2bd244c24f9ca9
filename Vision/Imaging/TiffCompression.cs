using System.IO.Compression;

namespace FewShotCluster.Vision.Imaging;

/// <summary>The lossless codings of TIFF strips (TIFF 6.0, sections 9 and 13). Each fills its output exactly or throws.</summary>
internal static class TiffCompression
{
    public static void Decompress(ReadOnlySpan<byte> data, int compression, Span<byte> output)
    {
        switch (compression)
        {
            case 1: data[..output.Length].CopyTo(output); break;
            case 5: Lzw(data, output); break;
            case 8 or 32946: Deflate(data, output); break;
            case 32773: PackBits(data, output); break;
            default: throw new InvalidImageException($"TIFF compression {compression} is not supported");
        }
    }

    /// <summary>Codes of 9 to 12 bits, high bit first; the width grows one code early.</summary>
    private static void Lzw(ReadOnlySpan<byte> data, Span<byte> output)
    {
        const int clear = 256, end = 257, capacity = 4096;
        // Each table entry is a piece of the output already written: where it begins and how long it is.
        Span<int> starts = stackalloc int[capacity];
        Span<int> lengths = stackalloc int[capacity];
        int next = end + 1, width = 9, previous = -1, previousStart = 0, previousLength = 0, written = 0, bit = 0;
        while (written < output.Length)
        {
            var code = 0;
            for (var i = 0; i < width; i++, bit++) code = code << 1 | data[bit >> 3] >> (7 - (bit & 7)) & 1;
            if (code == end) throw new InvalidImageException($"TIFF strip ends after {written} of {output.Length} bytes");
            if (code == clear)
            {
                (next, width, previous) = (end + 1, 9, -1);
                continue;
            }
            var start = written;
            if (code < clear)
            {
                output[written++] = (byte)code;
            }
            else
            {
                // The code about to be defined is the previous piece and its own first byte: one byte further in the same place.
                if (code > next || previous < 0 || (code == next && next == capacity))
                    throw new InvalidImageException($"TIFF strip has an undefined LZW code {code}");
                var (from, length) = code == next ? (previousStart, previousLength + 1) : (starts[code], lengths[code]);
                for (var i = 0; i < length && written < output.Length; i++) output[written++] = output[from + i];
            }
            if (previous >= 0 && next < capacity)
            {
                starts[next] = previousStart;
                lengths[next++] = previousLength + 1;
            }
            (previous, previousStart, previousLength) = (code, start, written - start);
            if (next + 1 >= 1 << width && width < 12) width++;
        }
    }

    private static unsafe void Deflate(ReadOnlySpan<byte> data, Span<byte> output)
    {
        fixed (byte* start = data)
        {
            using var memory = new UnmanagedMemoryStream(start, data.Length);
            using var inflated = new ZLibStream(memory, CompressionMode.Decompress);
            if (inflated.ReadAtLeast(output, output.Length, throwOnEndOfStream: false) < output.Length)
                throw new InvalidImageException("TIFF strip ends early");
        }
    }

    private static void PackBits(ReadOnlySpan<byte> data, Span<byte> output)
    {
        for (int read = 0, written = 0; written < output.Length;)
        {
            var control = (sbyte)data[read++];
            if (control == -128) continue;
            var count = Math.Min(1 + Math.Abs((int)control), output.Length - written);
            if (control < 0) output.Slice(written, count).Fill(data[read++]);
            else data.Slice(read, count).CopyTo(output[written..]);
            if (control >= 0) read += count;
            written += count;
        }
    }
}
