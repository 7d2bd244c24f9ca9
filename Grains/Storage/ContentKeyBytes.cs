using System.Buffers.Binary;
using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Storage;

/// <summary>A content key as the 32 bytes that stores index by.</summary>
internal static class ContentKeyBytes
{
    public static byte[] ToBytes(this ContentKey key)
    {
        var bytes = new byte[32];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, key.A);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), key.B);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), key.C);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(24), key.D);
        return bytes;
    }
}
