using System.Buffers.Binary;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>Real BMP files of one colour; the number makes their bytes distinct without changing the colour visibly.</summary>
internal static class ToyImages
{
    public const int Side = 8;

    public static byte[] Of(string colour, int number = 0) => Of(ToyColours.Rgb(colour), number);

    public static byte[] Of((byte R, byte G, byte B) colour, int number = 0)
    {
        var bytes = new byte[54 + Side * Side * 3];
        bytes[0] = (byte)'B';
        bytes[1] = (byte)'M';
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(2), bytes.Length);
        // Reserved field: no decoder looks at it, every content key does.
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(6), number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(10), 54);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(18), Side);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(22), Side);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(26), 1);
        BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(28), 24);
        for (var i = 54; i < bytes.Length; i += 3) (bytes[i], bytes[i + 1], bytes[i + 2]) = (colour.B, colour.G, colour.R);
        return bytes;
    }
}
