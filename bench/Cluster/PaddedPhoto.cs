using System.Buffers.Binary;

namespace FewShotCluster.Bench.Cluster;

/// <summary>A JPEG of a wanted size: comments before its data, which every decoder skips. What travels is large, what is decoded is the same.</summary>
internal static class PaddedPhoto
{
    private const int Marker = 2, Length = 2, MostComment = ushort.MaxValue - Length;

    public static byte[] Of(byte[] jpeg, int bytes)
    {
        if (jpeg is not [0xFF, 0xD8, ..]) throw new ArgumentException("not a JPEG");
        var left = bytes - jpeg.Length;
        var padded = new List<byte>(Math.Max(bytes, jpeg.Length)) { 0xFF, 0xD8 };
        while (left >= Marker + Length)
        {
            var comment = new byte[Math.Min(left - Marker - Length, MostComment)];
            var length = new byte[Length];
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(comment.Length + Length));
            padded.AddRange([0xFF, 0xFE, .. length, .. comment]);
            left -= Marker + Length + comment.Length;
        }
        padded.AddRange(jpeg.AsSpan(2));
        return [.. padded];
    }
}
