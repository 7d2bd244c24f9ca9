using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Vision.Tests.Imaging;

/// <summary>Resampling and preprocessing on pictures small enough to compute by hand.</summary>
public sealed class PreprocessingTests
{
    [Fact]
    public void Halving_a_row_uses_the_widened_triangle()
    {
        // Support 2: inner outputs weigh 1 3 3 1 over 8; the first loses its outer tap and weighs 3 3 1 over 7.
        var image = Grey(8, 1, 0, 0, 80, 80, 160, 160, 240, 240);
        var halved = PillowResampler.Resize(image, 4, 1, ResampleFilter.Bilinear);
        // 80/7 = 11.4; (0 + 240 + 240 + 160)/8 = 80; (80 + 480 + 480 + 240)/8 = 160; (160 + 6*240)/7 = 228.6
        Assert.Equal([11, 80, 160, 229], Reds(halved));
    }

    [Fact]
    public void Bicubic_overshoots_and_clips()
    {
        // Halving with support 4: at an edge from 0 to 255 the negative lobes leave the range and are clipped on both sides.
        var image = Grey(16, 1, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255);
        var reds = Reds(PillowResampler.Resize(image, 8, 1, ResampleFilter.Bicubic));
        Assert.Equal(0, reds[2]);
        Assert.Equal(255, reds[5]);
        Assert.True(reds[3] is > 0 and < 64 && reds[4] is > 191 and < 255, string.Join(' ', reds));
        Assert.Equal(255, reds[3] + reds[4]);
    }

    [Theory]
    [InlineData(ResampleFilter.Bilinear)]
    [InlineData(ResampleFilter.Bicubic)]
    public void A_window_equals_the_same_part_of_the_whole(ResampleFilter filter)
    {
        var image = Noise(61, 47);
        var whole = PillowResampler.Resize(image, 37, 90, filter).ToRgb();
        var window = PillowResampler.Resize(image, 37, 90, 5, 11, 23, 40, filter).ToRgb();
        for (var y = 0; y < 40; y++)
            Assert.Equal(whole.AsSpan(((y + 11) * 37 + 5) * 3, 23 * 3), window.AsSpan(y * 23 * 3, 23 * 3));
    }

    [Fact]
    public void An_unchanged_size_copies()
    {
        var image = Noise(19, 23);
        Assert.Equal(image.ToRgb(), PillowResampler.Resize(image, 19, 23, ResampleFilter.Bicubic).ToRgb());
        Assert.Equal(image.ToRgb(), RgbImage.FromRgb(19, 23, image.ToRgb()).ToRgb());
    }

    [Fact]
    public void A_flat_picture_stays_flat()
    {
        var image = Grey(300, 200, [.. Enumerable.Repeat((byte)137, 300 * 200)]);
        Assert.All(new ClipPreprocessor(64).ToPlanes(image), value => Assert.Equal(137, value));
        Assert.All(new RefinerPreprocessor(96).ToPlanes(image), value => Assert.Equal(137, value));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 5000)]
    [InlineData(4000, 3)]
    [InlineData(2_000_000, 1)]
    public void Extreme_shapes_are_brought_to_the_square(int width, int height)
    {
        var image = RgbImage.FromRgb(width, height, new byte[width * height * 3]);
        Assert.Equal(3 * 224 * 224, new ClipPreprocessor(224).ToPlanes(image).Length);
        Assert.Equal(3 * 96 * 96, new RefinerPreprocessor(96).ToPlanes(image).Length);
    }

    [Fact]
    public void The_crop_is_central_and_the_refiner_keeps_everything()
    {
        // A red, a green, a blue square side by side.
        var rgb = new byte[30 * 10 * 3];
        for (var i = 0; i < 300; i++) rgb[i * 3 + i % 30 / 10] = 255;
        var image = RgbImage.FromRgb(30, 10, rgb);
        var clip = new ClipPreprocessor(10).ToPlanes(image);
        Assert.All(clip[100..200], value => Assert.Equal(255, value));
        Assert.All(clip[..100], value => Assert.Equal(0, value));
        var refiner = new RefinerPreprocessor(10).ToPlanes(image);
        Assert.Equal((255, 255), (refiner[0], refiner[^1]));
    }

    [Fact]
    public void Normalisation_is_value_over_255_minus_mean_over_deviation()
    {
        var image = RgbImage.FromRgb(2, 1, [255, 0, 51, 0, 255, 102]);
        var planes = new float[6];
        new PixelNormalization([0.5f, 0.25f, 0.1f], [0.5f, 0.25f, 0.1f]).Normalize(image, planes);
        float[] expected = [1, -1, -1, 3, 1, 3];
        Assert.All(expected.Zip(planes), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.Throws<ArgumentException>(() => PixelNormalization.Clip.Normalize(image, new float[5]));
    }

    private static RgbImage Grey(int width, int height, params byte[] values) =>
        RgbImage.FromRgb(width, height, [.. values.SelectMany(v => new[] { v, v, v })]);

    private static byte[] Reds(RgbImage image) => image.ToPlanes()[..(image.Width * image.Height)];

    private static RgbImage Noise(int width, int height)
    {
        var rgb = new byte[width * height * 3];
        new Random(1).NextBytes(rgb);
        return RgbImage.FromRgb(width, height, rgb);
    }
}
