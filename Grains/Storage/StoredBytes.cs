using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Storage;

/// <summary>Bytes that lie in blocks of the store: only their address is part of the serialised state.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.StoredBytes")]
internal sealed class StoredBytes
{
    public static StoredBytes Empty { get; } = new() { Payload = Payload.Empty, Bytes = MatrixBytes.Empty };

    [Id(0)]
    public required Payload Payload { get; init; }

    /// <summary>The bytes where they are held in memory, else null.</summary>
    [field: NonSerialized]
    public MatrixBytes? Bytes { get; private set; }

    /// <summary>Bytes new to the store; their blocks are added to what the next commit writes.</summary>
    public static StoredBytes New(MatrixBytes bytes, List<Block> blocks) => new() { Payload = Blocks.Cut(bytes, 0, blocks), Bytes = bytes };

    /// <summary>These bytes, which must be in memory, with others behind them: what the store has of them is neither hashed nor written again.</summary>
    public StoredBytes With(byte[] tail, List<Block> blocks)
    {
        var bytes = Bytes!.Append(tail);
        // Not by the length: an earlier build cut larger blocks.
        return new() { Payload = Blocks.Cut(bytes, Payload.Blocks.AsSpan().CommonPrefixLength(bytes.Blocks), blocks), Bytes = bytes };
    }

    /// <summary>The same address without the bytes in memory.</summary>
    public StoredBytes Released() => new() { Payload = Payload };

    public void Fill(IReadOnlyDictionary<ContentKey, byte[]> blocks) => Bytes = Blocks.Join(Payload, blocks);
}
