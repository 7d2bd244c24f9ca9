using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Bench.Robustness;

/// <summary>
/// Changes that keep a file's structure and so get past the first checks: fields of zip records, pickle opcodes, JSON numbers, chunks.
/// </summary>
internal sealed class StructureMutator(SplitMix64 random)
{
    private static readonly string[] Numbers =
        ["0", "-1", "1", "4294967296", "2147483648", "9223372036854775807", "9223372036854775808", "1e3", "0.5", "[1]", "null", "\"8\""];
    private static readonly string[] Words = ["F64", "F16", "BF16", "I64", "U8", "BOOL", "Q7", ""];
    private static readonly string[] Globals =
    [
        "os\nsystem\n", "builtins\neval\n", "torch\nHalfStorage\n", "torch\nLongStorage\n", "collections\nOrderedDict\n", "__torch__\nM\n",
        "x\n\n",
    ];
    private static readonly byte[] Opcodes =
        [.. "}]()NKMJGXcqrhjtsuaeQRb.I"u8, 0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x93, 0x94];

    public byte[] Mutate(byte[] file) =>
        file.AsSpan().StartsWith("PK"u8) ? random.Below(2) == 0 ? Record(file) : Pickle(file, file.AsSpan().IndexOf("data.pkl"u8))
        : file.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x80, 2]) ? Pickle(file, 0)
        : file.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P']) ? PngChunk(file)
        : file.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]) ? JpegSegment(file)
        : file.Length > 10 && file[8] == '{' ? JsonHeader(file)
        : HeaderField(file);

    /// <summary>A field of a zip record: local, central, end, or their 64-bit forms.</summary>
    private byte[] Record(byte[] file)
    {
        var records = All(file, "PK"u8);
        var at = records[random.Below(records.Count)] + 4 + 2 * random.Below(21);
        return Put(file, at, 2 << random.Below(3));
    }

    private byte[] Pickle(byte[] file, int start)
    {
        const int reach = 4096;
        var at = Math.Min(file.Length - 1, Math.Max(0, start) + random.Below(reach));
        if (random.Below(3) > 0)
        {
            file[at] = Opcodes[random.Below(Opcodes.Length)];
            return file;
        }
        var globals = All(file.AsSpan(0, Math.Min(file.Length, Math.Max(0, start) + 2 * reach)), "ctorch"u8);
        if (globals.Count == 0) return file;
        at = globals[random.Below(globals.Count)] + 1;
        var end = at;
        for (var lines = 0; end < file.Length && lines < 2; end++) if (file[end] == '\n') lines++;
        return [.. file[..at], .. Encoding.ASCII.GetBytes(Globals[random.Below(Globals.Length)]), .. file[end..]];
    }

    /// <summary>A number or a dtype of a safetensors header, or two of its entries alike; its length is kept true.</summary>
    private byte[] JsonHeader(byte[] file)
    {
        var length = (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(file), (ulong)file.Length - 8);
        if (length < 2) return HeaderField(file);
        var header = Encoding.Latin1.GetString(file, 8, length);
        var at = random.Below(length);
        var changed = random.Below(4) switch
        {
            0 => Replace(header, header.IndexOf("\"F", at, StringComparison.Ordinal) + 1, char.IsLetterOrDigit, Words),
            1 => header[..at] + header[random.Below(length)] + header[at..],
            2 => header.Insert(Math.Max(1, header.IndexOf('"', at)), header.Substring(at, Math.Min(80, length - at))),
            _ => Replace(header, header.IndexOfAny("0123456789".ToCharArray(), at), char.IsAsciiDigit, Numbers),
        };
        return [.. BitConverter.GetBytes((long)changed.Length), .. Encoding.Latin1.GetBytes(changed), .. file[(8 + length)..]];
    }

    private string Replace(string text, int start, Func<char, bool> belongs, string[] with)
    {
        if (start <= 0) return text;
        var end = start;
        while (end < text.Length && belongs(text[end])) end++;
        return text[..start] + with[random.Below(with.Length)] + text[end..];
    }

    /// <summary>A chunk twice, away, or changed under a checksum that fits again.</summary>
    private byte[] PngChunk(byte[] file)
    {
        var chunks = new List<Range>();
        for (var at = 8; at + 12 <= file.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (length > file.Length - at - 12) break;
            chunks.Add(at..(at + 12 + (int)length));
            at = chunks[^1].End.Value;
        }
        if (chunks.Count == 0) return file;
        var chunk = chunks[random.Below(chunks.Count)];
        if (random.Below(4) == 0) return [.. file[..chunk.End], .. file[chunk], .. file[chunk.End..]];
        if (random.Below(6) == 0) return [.. file[..chunk.Start], .. file[chunk.End..]];
        var body = file.AsSpan(chunk)[4..^4];
        body[random.Below(random.Below(2) == 0 ? body.Length : Math.Min(body.Length, 17))] = (byte)random.Below(256);
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(chunk)[^4..], Crc32.HashToUInt32(body));
        return file;
    }

    private byte[] JpegSegment(byte[] file)
    {
        var markers = new List<int>();
        for (var i = 2; i + 4 < file.Length; i++) if (file[i] == 0xFF && file[i + 1] >= 0xC0) markers.Add(i);
        if (markers.Count == 0) return file;
        var at = markers[random.Below(markers.Count)];
        var end = Math.Min(file.Length, at + 2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 2)));
        switch (random.Below(4))
        {
            case 0: return [.. file[..end], .. file[at..end], .. file[end..]];
            case 1: return [.. file[..at], .. file[end..]];
            case 2: file[at + 1] = (byte)(0xC0 + random.Below(0x40)); return file;
            default: file[Math.Min(file.Length - 1, at + 4 + random.Below(16))] = (byte)random.Below(256); return file;
        }
    }

    private byte[] HeaderField(byte[] file) => Put(file, random.Below(Math.Min(file.Length, 160)), 1 << random.Below(3));

    private byte[] Put(byte[] file, int at, int size)
    {
        for (var (i, value) = (at, random.Below(4)); i < Math.Min(file.Length, at + size); i++)
            file[i] = value switch { 0 => 0, 1 => 0xFF, 2 => (byte)(i == at ? 1 : 0), _ => (byte)random.Below(256) };
        return file;
    }

    private static List<int> All(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> pattern)
    {
        var found = new List<int>();
        for (int at = 0, next; (next = bytes[at..].IndexOf(pattern)) >= 0; at += next + 1) found.Add(at + next);
        return found;
    }
}
