using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>
/// A matrix as float32 little-endian bytes, row-major. It never changes; the longer one that <see cref="Append"/> makes lies in the same memory,
/// so that a version of a class set with one name more takes no fresh megabytes. Its content is known by the SHA-256 of each of its
/// blocks, computed once for a block.
/// </summary>
[GenerateSerializer, Immutable, Alias("fewshot.MatrixBytes")]
public sealed class MatrixBytes
{
    /// <summary>Bytes of a block; the last one may have fewer. An added row costs half a block in the store, a block 64 bytes of addresses.</summary>
    public const int BlockBytes = 64 * 1024;

    [Id(0)]
    private readonly ReadOnlyMemory<byte> _bytes;

    [NonSerialized]
    private readonly Growth? _memory;

    [NonSerialized]
    private ContentKey[]? _blocks;

    /// <summary>A matrix of some bytes, which are its own from now on.</summary>
    public MatrixBytes(byte[] bytes) => _bytes = bytes;

    private MatrixBytes(Growth memory, int length, ReadOnlySpan<ContentKey> known)
    {
        (_memory, _bytes) = (memory, memory.Bytes.AsMemory(0, length));
        _blocks = Keys(known);
    }

    /// <summary>No bytes.</summary>
    public static MatrixBytes Empty { get; } = new([]);

    /// <summary>Bytes in all.</summary>
    public int Length => _bytes.Length;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => _bytes.Span;

    /// <summary>Addresses of the blocks, in order.</summary>
    public ContentKey[] Blocks => _blocks ??= Keys([]);

    /// <summary>As the constructor.</summary>
    public static implicit operator MatrixBytes(byte[] bytes) => new(bytes);

    /// <summary>The bytes of a block.</summary>
    public ReadOnlyMemory<byte> Block(int number) =>
        _bytes.Slice(number * BlockBytes, Math.Min(BlockBytes, Length - number * BlockBytes));

    /// <summary>A copy.</summary>
    public byte[] ToArray() => _bytes.ToArray();

    /// <summary>These bytes with others behind them; in the same memory where there is room and nobody has appended to these before.</summary>
    public MatrixBytes Append(ReadOnlySpan<byte> tail)
    {
        if (tail.IsEmpty) return this;
        var length = Length + tail.Length;
        var memory = _memory;
        if (memory is null || !memory.Claim(Length, length))
        {
            memory = new Growth(length);
            Span.CopyTo(memory.Bytes);
        }
        tail.CopyTo(memory.Bytes.AsSpan(Length));
        return new(memory, length, Blocks.AsSpan(0, Length / BlockBytes));
    }

    /// <summary>Whether these bytes are seen to begin with others without comparing them: false says nothing.</summary>
    public bool IsGrownFrom(MatrixBytes other) => ReferenceEquals(this, other) || (_memory is not null && _memory == other._memory && Length >= other.Length);

    private ContentKey[] Keys(ReadOnlySpan<ContentKey> known)
    {
        var keys = new ContentKey[(Length + BlockBytes - 1) / BlockBytes];
        known.CopyTo(keys);
        for (var i = known.Length; i < keys.Length; i++) keys[i] = ContentKey.Of(Block(i).Span);
        return keys;
    }

    /// <summary>Memory that several matrices share: each is its beginning.</summary>
    private sealed class Growth(int length)
    {
        private int _used = length;

        // An eighth to spare: rows are copied a few times in all, not with each that is added.
        public byte[] Bytes { get; } = new byte[Math.Min(Array.MaxLength, length + (long)length / 8 + BlockBytes)];

        /// <summary>Takes what lies behind a matrix; false: another has it, or it is too little.</summary>
        public bool Claim(int from, int to) => to <= Bytes.Length && Interlocked.CompareExchange(ref _used, to, from) == from;
    }
}
