using System.Buffers.Binary;

namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// The first image file directory of a TIFF (TIFF 6.0, section 2): later pages are never followed. Reading past the end throws
/// ArgumentOutOfRangeException, as in <see cref="HeaderParser"/>.
/// </summary>
internal sealed class TiffDirectory
{
    private const int MaxValues = 1 << 20;

    // A directory may have 65535 tags of a million values each, all over the same bytes: only what is used is read, once.
    private static readonly HashSet<int> Used = [256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 284, 317, 320];

    private readonly Dictionary<int, long[]> _values = [];

    private TiffDirectory()
    {
    }

    public long Width => Single(256);

    public long Height => Single(257);

    /// <summary>1 none, 5 LZW, 8 and 32946 deflate, 32773 PackBits.</summary>
    public int Compression => (int)Single(259, 1);

    /// <summary>0 and 1 grey (white or black is zero), 2 RGB, 3 palette.</summary>
    public int Photometric => (int)Single(262);

    public int SamplesPerPixel => (int)Single(277, 1);

    /// <summary>2: each sample is the difference from its left neighbour.</summary>
    public int Predictor => (int)Single(317, 1);

    public bool IsPlanar => Single(284, 1) != 1;

    public int Orientation => (int)Single(274, 1);

    public long RowsPerStrip => Math.Clamp(Single(278, Height), 1, Math.Max(1, Height));

    public long[] BitsPerSample => _values.GetValueOrDefault(258, [1]);

    public long[] StripOffsets => Values(273);

    public long[] StripByteCounts => Values(279);

    /// <summary>All reds, all greens, all blues, 16 bits each.</summary>
    public long[] ColorMap => Values(320);

    public static TiffDirectory Read(ReadOnlySpan<byte> bytes)
    {
        var bigEndian = bytes[0] == 'M';
        var directory = new TiffDirectory();
        var start = Position(ReadUnsigned(bytes, 4, 4, bigEndian));
        var entries = (int)ReadUnsigned(bytes, start, 2, bigEndian);
        for (var i = 0; i < entries; i++)
        {
            var entry = start + 2 + 12 * i;
            var tag = (int)ReadUnsigned(bytes, entry, 2, bigEndian);
            if (!Used.Contains(tag) || directory._values.ContainsKey(tag)) continue;
            var size = ReadUnsigned(bytes, entry + 2, 2, bigEndian) switch { 1 => 1, 3 => 2, 4 => 4, _ => 0 };
            if (size == 0) continue; // text and rationals describe nothing that is read here
            var count = ReadUnsigned(bytes, entry + 4, 4, bigEndian);
            if (count is 0 or > MaxValues) throw new InvalidImageException($"TIFF tag {tag} has {count} values");
            var data = count * size <= 4 ? entry + 8 : Position(ReadUnsigned(bytes, entry + 8, 4, bigEndian));
            if (data + count * size > bytes.Length) throw new InvalidImageException($"TIFF tag {tag} points outside the file");
            var values = new long[count];
            for (var j = 0; j < values.Length; j++) values[j] = ReadUnsigned(bytes, data + j * size, size, bigEndian);
            directory._values[tag] = values;
        }
        return directory;
    }

    private long[] Values(int tag) => _values.GetValueOrDefault(tag) ?? throw new InvalidImageException($"TIFF without tag {tag}");

    private long Single(int tag) => Values(tag)[0];

    private long Single(int tag, long absent) => _values.TryGetValue(tag, out var values) ? values[0] : absent;

    private static int Position(long offset) =>
        offset <= int.MaxValue ? (int)offset : throw new InvalidImageException($"TIFF offset {offset} lies outside the file");

    private static long ReadUnsigned(ReadOnlySpan<byte> bytes, int offset, int size, bool bigEndian) => size switch
    {
        1 => bytes[offset],
        2 => bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes[offset..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]),
        _ => bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes[offset..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]),
    };
}
