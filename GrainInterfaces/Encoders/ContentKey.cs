using System.Buffers.Binary;
using System.Security.Cryptography;

namespace FewShotCluster.GrainInterfaces.Encoders;

/// <summary>SHA-256 of an image's bytes: its address in caches, stores and in the choice of a device slot.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.ContentKey")]
public readonly record struct ContentKey(
    [property: Id(0)] ulong A, [property: Id(1)] ulong B, [property: Id(2)] ulong C, [property: Id(3)] ulong D)
{
    /// <summary>The key of some bytes.</summary>
    public static ContentKey Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(content, hash);
        return FromBytes(hash);
    }

    /// <summary>The key from its 32 bytes.</summary>
    public static ContentKey FromBytes(ReadOnlySpan<byte> hash) => new(
        BinaryPrimitives.ReadUInt64BigEndian(hash),
        BinaryPrimitives.ReadUInt64BigEndian(hash[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(hash[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(hash[24..]));

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString() => $"{A:x16}{B:x16}{C:x16}{D:x16}";
}
