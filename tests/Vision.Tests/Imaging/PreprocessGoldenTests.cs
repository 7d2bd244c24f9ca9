using System.Text.Json;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Vision.Tests.Imaging;

/// <summary>Pixels against those of Pillow and torchvision: every file exact, lossy formats included.</summary>
public sealed class PreprocessGoldenTests
{
    // Pillow clips 16-bit grey instead of scaling it; the reference holds our reading under its own name.
    private const string Gray16 = "images/png-gray16.png";

    [Fact]
    public void Decoded_pixels_are_equal() => ForEach(row => row.Name != Gray16, row =>
        PreprocessGoldens.Hash(row.Decode().ToRgb()) == row.Json.GetProperty("decoded_rgb_sha256").GetString());

    [Theory]
    [InlineData(64)]
    [InlineData(224)]
    public void Clip_pixels_are_equal(int size) => ForEach(_ => true, row =>
        row.Clip(size) == row.Variant(row.Name == Gray16 ? "high_byte" : "rgb_first", size));

    [Theory]
    [InlineData(64)]
    [InlineData(224)]
    public void Exif_orientation_is_applied_on_request(int size)
    {
        var turned = 0;
        ForEach(row => row.Json.GetProperty("exif_orientation").GetInt32() > 1, row =>
        {
            turned++;
            return row.Clip(size, ExifOrientation.Apply) == row.Variant("exif_applied", size)
                && row.Clip(size) == row.Variant("rgb_first", size);
        });
        Assert.Equal(7, turned);
    }

    [Theory]
    [InlineData(384)]
    [InlineData(96)]
    public void Refiner_pixels_are_equal(int size) => ForEach(row => row.Name != Gray16, row =>
        PreprocessGoldens.Hash(new RefinerPreprocessor(size).ToPlanes(row.Decode()))
            == row.Json.GetProperty("refiner").GetProperty($"sha256_{size}").GetString());

    [Fact]
    public void Stored_arrays_are_equal()
    {
        var image = ImageDecoder.Decode(PreprocessGoldens.Read("images/jpeg-20x2000.jpg"));
        var expected = NpyArray.Read(ReferenceData.Reference("preprocess", "expected", "jpeg-20x2000.rgb_first.224.npy"));
        Assert.Equal([3, 224, 224], expected.Shape);
        Assert.Equal(expected.Data, new ClipPreprocessor(224).ToPlanes(image));
    }

    [Fact]
    public void Normalised_values_agree()
    {
        var expected = NpyArray.Read(ReferenceData.Reference("preprocess", "expected", "png-rgb-300x225.normalised.64.npy")).ToSingles();
        var preprocessor = new ClipPreprocessor(64);
        var actual = new float[preprocessor.Length];
        preprocessor.Write(ImageDecoder.Decode(PreprocessGoldens.Read("images/png-rgb-300x225.png")), actual);
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    private static void ForEach(Func<Row, bool> take, Func<Row, bool> isEqual)
    {
        var rows = PreprocessGoldens.Images.Select(json => new Row(json)).Where(take).ToList();
        Assert.NotEmpty(rows);
        Assert.Empty(rows.Where(row => !isEqual(row)).Select(row => row.Name));
    }

    private sealed record Row(JsonElement Json)
    {
        public string Name => Json.FileName();

        public RgbImage Decode(ExifOrientation orientation = ExifOrientation.Ignore) =>
            ImageDecoder.Decode(PreprocessGoldens.Read(Name), orientation: orientation);

        public string Clip(int size, ExifOrientation orientation = ExifOrientation.Ignore) =>
            PreprocessGoldens.Hash(new ClipPreprocessor(size).ToPlanes(Decode(orientation)));

        public string Variant(string name, int size) =>
            Json.GetProperty("variants").GetProperty(name).GetProperty($"sha256_{size}").GetString()!;
    }
}
