using System.Buffers.Binary;
using System.IO.Compression;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Vision.Tests.Imaging;

/// <summary>TIFF files written here, a tag at a time.</summary>
public sealed class TiffDecoderTests
{
    private static readonly byte[] Rgb = [.. Enumerable.Range(0, 4 * 3 * 3).Select(i => (byte)(i * 37))];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Plain_strips_of_either_byte_order(bool bigEndian) =>
        Assert.Equal(Rgb, ImageDecoder.Decode(Write(Rgb, bigEndian: bigEndian)).ToRgb());

    [Fact]
    public void Deflate_with_the_horizontal_predictor()
    {
        var differences = Rgb.ToArray();
        for (var row = 0; row < 3; row++)
            for (var i = 11; i >= 3; i--)
                differences[row * 12 + i] -= differences[row * 12 + i - 3];
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(differences);
        Assert.Equal(Rgb, ImageDecoder.Decode(Write(packed.ToArray(), compression: 8, predictor: 2)).ToRgb());
    }

    [Fact]
    public void PackBits_of_literals_and_repetitions()
    {
        byte[] packed = [0x80, 2, 1, 2, 3, 0xE0, 9]; // no-op; three literals; 33 times 9
        Assert.Equal([1, 2, 3, .. Enumerable.Repeat((byte)9, 33)], ImageDecoder.Decode(Write(packed, compression: 32773)).ToRgb());
    }

    [Fact]
    public void Lzw_codes_that_name_themselves()
    {
        // Nine-bit codes: clear, 7, then 258 (7 7), 259 (7 7 7), ... each defined by its own use: 1 + 2 + ... + 8 = 36 bytes.
        int[] codes = [256, 7, 258, 259, 260, 261, 262, 263, 264];
        var packed = new byte[(codes.Length * 9 + 7) / 8];
        for (var bit = 0; bit < codes.Length * 9; bit++)
            packed[bit / 8] |= (byte)((codes[bit / 9] >> (8 - bit % 9) & 1) << (7 - bit % 8));
        Assert.Equal(Enumerable.Repeat((byte)7, 36), ImageDecoder.Decode(Write(packed, compression: 5)).ToRgb());
    }

    [Theory]
    [InlineData(7)]
    [InlineData(99)]
    public void Other_compressions_are_refused_by_name(int compression) =>
        Assert.Contains(
            $"compression {compression}", Assert.Throws<InvalidImageException>(() => ImageDecoder.Decode(Write(Rgb, compression))).Message);

    [Fact]
    public void Truncated_and_scribbled_files_are_refused_or_read()
    {
        var bytes = Write(Rgb);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidImageException>(() => ImageDecoder.Decode(bytes.AsMemory(0, length)));
        var random = new Random(3);
        for (var round = 0; round < 2000; round++)
        {
            var damaged = bytes.ToArray();
            for (var i = 0; i < 3; i++) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var limits = new ImageLimits(MaxPixels: 1_000_000);
            Assert.True(Record.Exception(() => ImageDecoder.Decode(damaged, limits)) is null or ImageException);
        }
    }

    /// <summary>A 4 x 3 RGB file in one strip, which ends the file.</summary>
    private static byte[] Write(byte[] strip, int compression = 1, int predictor = 1, bool bigEndian = false)
    {
        (int Tag, int Value)[] tags =
        [
            (256, 4), (257, 3), (258, 8), (259, compression), (262, 2), (273, 8 + 2 + 12 * 11 + 4),
            (277, 3), (278, 3), (279, strip.Length), (284, 1), (317, predictor),
        ];
        var bytes = new byte[8 + 2 + 12 * tags.Length + 4 + strip.Length];
        (bigEndian ? "MM\0*"u8 : "II*\0"u8).CopyTo(bytes);
        Put(4, 8, 4);
        Put(8, tags.Length, 2);
        for (var i = 0; i < tags.Length; i++)
        {
            var entry = 10 + 12 * i;
            Put(entry, tags[i].Tag, 2);
            Put(entry + 2, 4, 2); // all as 32-bit
            Put(entry + 4, 1, 4);
            Put(entry + 8, tags[i].Value, 4);
        }
        strip.CopyTo(bytes, bytes.Length - strip.Length);
        return bytes;

        void Put(int offset, int value, int size)
        {
            var target = bytes.AsSpan(offset, size);
            if (size == 2 && bigEndian) BinaryPrimitives.WriteUInt16BigEndian(target, (ushort)value);
            else if (size == 2) BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)value);
            else if (bigEndian) BinaryPrimitives.WriteInt32BigEndian(target, value);
            else BinaryPrimitives.WriteInt32LittleEndian(target, value);
        }
    }
}
