using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace FewShotCluster.Vision.Checkpoints;

/// <summary>A file of an archive as its directory describes it.</summary>
/// <param name="Name">Its path in the archive.</param>
/// <param name="Method">0 stored, 8 deflated.</param>
/// <param name="Crc32">Checksum of its bytes.</param>
/// <param name="StoredLength">Bytes in the archive.</param>
/// <param name="Length">Bytes once inflated.</param>
/// <param name="Header">Where its own header begins.</param>
internal sealed record ZipRecord(string Name, int Method, uint Crc32, long StoredLength, long Length, long Header);

/// <summary>
/// The directory of a zip archive (PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3). Unlike ZipArchive it bounds what a directory costs and
/// tells where a record's bytes are, so that a tensor is read straight from its place.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndLength = 22, LocatorLength = 20, End64Length = 56, EntryLength = 46, HeaderLength = 30;
    private const int MaxComment = ushort.MaxValue;
    private const int Stored = 0, Deflated = 8;
    private readonly string path;
    private readonly SafeFileHandle file;
    private readonly long fileLength;
    private readonly MemoryBudget budget;
    private readonly Dictionary<string, ZipRecord> records = [];

    /// <exception cref="CheckpointException">No directory, or one that contradicts itself or the file.</exception>
    public ZipDirectory(string path, SafeFileHandle file, MemoryBudget budget)
    {
        (this.path, this.file, this.budget) = (path, file, budget);
        fileLength = RandomAccess.GetLength(file);
        var (position, count) = Locate();
        Span<byte> entry = stackalloc byte[EntryLength];
        for (; count > 0; count--) position = ReadEntry(position, entry);
    }

    /// <summary>Every record by its name.</summary>
    public IReadOnlyDictionary<string, ZipRecord> Records => records;

    /// <summary>Where a record's bytes begin; they lie within the file.</summary>
    public long Start(ZipRecord record)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        Read(header, record.Header);
        if (!header.StartsWith("PK\u0003\u0004"u8)) throw Damaged($"record {record.Name} is not where the directory says");
        var start = record.Header + HeaderLength + Word(header, 26) + Word(header, 28);
        return record.StoredLength <= fileLength - start ? start : throw Damaged($"record {record.Name} reaches beyond the end");
    }

    /// <summary>All bytes of a record, whose checksum must match.</summary>
    /// <param name="record">One of <see cref="Records"/>.</param>
    /// <param name="limit">The most that it may have.</param>
    public byte[] Bytes(ZipRecord record, long limit)
    {
        if (record.Length > limit) throw new CheckpointException($"{path}: {record.Name} claims {record.Length} bytes");
        using var stored = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read) { Position = Start(record) };
        using var content = record.Method switch
        {
            Stored when record.StoredLength == record.Length => (Stream)stored,
            Deflated => new DeflateStream(stored, CompressionMode.Decompress),
            _ => throw Damaged($"record {record.Name} has the unsupported compression {record.Method}"),
        };
        var bytes = new byte[record.Length];
        content.ReadExactly(bytes);
        return Crc32.HashToUInt32(bytes) == record.Crc32 ? bytes : throw Damaged($"record {record.Name} does not match its checksum");
    }

    /// <summary>The checksum of a stored record's bytes.</summary>
    public uint Checksum(ZipRecord record)
    {
        var (start, crc, buffer) = (Start(record), new Crc32(), new byte[1 << 16]);
        for (var done = 0L; done < record.StoredLength;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, record.StoredLength - done));
            Read(part, start + done);
            crc.Append(part);
            done += part.Length;
        }
        return crc.GetCurrentHashAsUInt32();
    }

    private (long Position, long Count) Locate()
    {
        var tail = new byte[(int)Math.Min(fileLength, EndLength + MaxComment)];
        Read(tail, fileLength - tail.Length);
        for (var at = tail.Length - EndLength; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (!end.StartsWith("PK\u0005\u0006"u8) || Word(end, 20) != end.Length - EndLength) continue;
            return Located(end, fileLength - end.Length);
        }
        throw Damaged("the archive has no directory; it is cut short");
    }

    private (long Position, long Count) Located(ReadOnlySpan<byte> end, long endPosition)
    {
        long count = Word(end, 10), size = Double(end, 12), position = Double(end, 16);
        if (count == ushort.MaxValue || size == uint.MaxValue || position == uint.MaxValue)
        {
            Span<byte> locator = stackalloc byte[LocatorLength], end64 = stackalloc byte[End64Length];
            Read(locator, endPosition - LocatorLength);
            if (!locator.StartsWith("PK\u0006\u0007"u8)) throw Damaged("the archive's end names no large directory");
            Read(end64, Quad(locator, 8));
            if (!end64.StartsWith("PK\u0006\u0006"u8)) throw Damaged("the large directory's end is not where the archive says");
            (count, size, position) = (Quad(end64, 32), Quad(end64, 40), Quad(end64, 48));
        }
        return position <= endPosition && size <= endPosition - position && count <= size / EntryLength
            ? (position, count)
            : throw Damaged($"a directory of {count} records in {size} bytes at byte {position} does not fit");
    }

    private long ReadEntry(long position, Span<byte> entry)
    {
        Read(entry, position);
        if (!entry.StartsWith("PK\u0001\u0002"u8)) throw Damaged($"no record at byte {position} of the directory");
        int flags = Word(entry, 8), nameLength = Word(entry, 28), extraLength = Word(entry, 30);
        if ((flags & 1) != 0) throw Damaged("its records are encrypted");
        budget.SpendObject(nameLength + 100);
        var rest = new byte[nameLength + extraLength];
        Read(rest, position + EntryLength);
        // Latin-1 keeps every name's bytes apart; torch's own are ASCII.
        var name = Encoding.Latin1.GetString(rest, 0, nameLength);
        long stored = Double(entry, 20), length = Double(entry, 24), header = Double(entry, 42);
        ReadLarge(rest.AsSpan(nameLength), ref length, ref stored, ref header);
        // Readers disagree on which of two records of one name counts.
        if (!records.TryAdd(name, new ZipRecord(name, Word(entry, 10), Double(entry, 16), stored, length, header)))
            throw new CheckpointException($"{path}: the archive has two records '{name}'");
        return position + EntryLength + rest.Length + Word(entry, 32);
    }

    /// <summary>Numbers beyond 32 bits stand in an extra field, in this order, each only if its own field is full.</summary>
    private static void ReadLarge(ReadOnlySpan<byte> extra, ref long length, ref long stored, ref long header)
    {
        const int large = 1;
        for (; extra.Length >= 4; extra = extra[(4 + Word(extra, 2))..])
        {
            if (Word(extra, 0) != large) continue;
            var values = extra.Slice(4, Word(extra, 2));
            if (length == uint.MaxValue) length = Next(ref values);
            if (stored == uint.MaxValue) stored = Next(ref values);
            if (header == uint.MaxValue) header = Next(ref values);
            return;
        }
    }

    private static long Next(ref ReadOnlySpan<byte> values)
    {
        var value = Quad(values, 0);
        values = values[8..];
        return value;
    }

    private void Read(Span<byte> buffer, long position)
    {
        if (position < 0 || position > fileLength - buffer.Length) throw Damaged($"byte {position} lies outside the archive");
        FileBytes.ReadExactly(file, buffer, position);
    }

    private CheckpointException Damaged(string what) => new($"{path}: damaged or truncated: {what}");

    private static int Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint Double(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long Quad(ReadOnlySpan<byte> bytes, int at) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]) is <= long.MaxValue and var value
            ? (long)value
            : throw new OverflowException("a position beyond any file");
}
