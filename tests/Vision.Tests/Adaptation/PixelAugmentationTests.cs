using System.Security.Cryptography;
using FewShotCluster.Vision.Adaptation;

using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Vision.Tests.Adaptation;

public class PixelAugmentationTests
{
    private const int Size = 32;

    private static readonly byte[] Picture = [.. Enumerable.Range(0, 3 * Size * Size).Select(i => (byte)(i * 7 + i / Size))];

    [Fact]
    public void The_first_view_is_the_picture_and_the_second_its_mirror_image()
    {
        var views = PixelAugmentation.Views(Picture, Size, 2, seed: 1);
        Assert.Equal(Picture, views[0]);
        Assert.NotSame(Picture, views[0]);
        for (var row = 0; row < 3 * Size; row++)
            Assert.Equal(Picture[(row * Size)..((row + 1) * Size)].Reverse(), views[1][(row * Size)..((row + 1) * Size)]);
    }

    [Fact]
    public void The_others_are_shifts_of_at_most_a_sixteenth_with_the_edge_repeated()
    {
        var found = new HashSet<(int, int, bool)>();
        foreach (var view in PixelAugmentation.Views(Picture, Size, 402, seed: 9).Skip(2))
        {
            var matches = from down in Enumerable.Range(-2, 5)
                          from right in Enumerable.Range(-2, 5)
                          from mirrored in new[] { false, true }
                          where view.SequenceEqual(Expected(down, right, mirrored))
                          select (down, right, mirrored);
            found.Add(Assert.Single(matches));
        }
        Assert.Equal(50, found.Count); // 5 x 5 shifts, both flips: all occur among 400
    }

    [Fact]
    public void The_seed_decides_and_the_bytes_are_frozen()
    {
        string Digest(ulong seed) =>
            Convert.ToHexStringLower(SHA256.HashData([.. PixelAugmentation.Views(Picture, Size, 8, seed).SelectMany(v => v)]));
        Assert.NotEqual(Digest(5), Digest(6));
        Assert.Equal("959c7893a7b9ac640a207596aa7b0182f028ca1c76b385abdd0e7fdff3eb7093", Digest(5));
    }

    [Fact]
    public void A_picture_of_the_wrong_length_is_refused()
    {
        var error = Assert.Throws<AdaptationException>(() => PixelAugmentation.Views(new byte[10], Size, 8, 1));
        Assert.Contains("10 bytes", error.Message);
        Assert.Throws<AdaptationException>(() => PixelAugmentation.Views(Picture, Size, 0, 1));
    }

    [Fact]
    public void The_generator_is_SplitMix64()
    {
        // First outputs for seed 1234567, as published with the reference implementation.
        var random = new SplitMix64(1234567);
        Assert.Equal([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL], [random.Next(), random.Next(), random.Next()]);
    }

    private static byte[] Expected(int down, int right, bool mirrored)
    {
        var result = new byte[Picture.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var (plane, y, x) = (i / (Size * Size), i / Size % Size, i % Size);
            var column = mirrored ? Size - 1 - x : x;
            result[i] = Picture[(plane * Size + Math.Clamp(y - down, 0, Size - 1)) * Size + Math.Clamp(column - right, 0, Size - 1)];
        }
        return result;
    }
}
