using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Vision.Tests.Imaging;

/// <summary>The reference's damaged and malicious files: refused with the right exception, or decoded to the right pixels.</summary>
public sealed class HostileImageTests
{
    [Fact]
    public void Each_file_is_refused_or_accepted_as_a_strict_reader_should()
    {
        var wrong = new List<string>();
        foreach (var row in PreprocessGoldens.Hostile)
        {
            var (file, strict) = (row.FileName(), row.GetProperty("strict").GetString()!);
            var (outcome, image) = Outcome(PreprocessGoldens.Read(file));
            var tooLarge = strict.Contains("before allocating") || file.EndsWith("png-inflates.png");
            var good = tooLarge ? outcome == nameof(ImageTooLargeException)
                : strict.StartsWith("refuse:") || strict is "refuse" ? outcome == nameof(InvalidImageException)
                : strict.StartsWith("accept;") || strict.StartsWith("accept:") ? image is not null
                : true; // "may accept", "refuse or black": any of our outcomes, as long as there is one
            if (good && image is not null && strict.StartsWith("accept") && row.TryGetProperty("pil_rgb_sha256", out var hash))
                good = hash.GetString() == PreprocessGoldens.Hash(image.ToRgb());
            if (!good) wrong.Add($"{file}: {strict}; got {outcome}");
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public void An_orientation_beyond_eight_counts_as_upright()
    {
        var bytes = PreprocessGoldens.Read("hostile/jpeg-exif-orientation-999.jpg");
        Assert.Equal(ImageDecoder.Decode(bytes).ToRgb(), ImageDecoder.Decode(bytes, orientation: ExifOrientation.Apply).ToRgb());
    }

    private static (string Outcome, RgbImage? Image) Outcome(byte[] bytes)
    {
        try
        {
            return ("accepted", ImageDecoder.Decode(bytes));
        }
        catch (ImageException e)
        {
            return (e.GetType().Name, null);
        }
    }
}
