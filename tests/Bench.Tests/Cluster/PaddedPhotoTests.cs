using FewShotCluster.Bench.Cluster;
using FewShotCluster.Bench.Robustness;
using FewShotCluster.Load;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Bench.Tests.Cluster;

public class PaddedPhotoTests
{
    [Fact]
    public void APaddedPhotoShowsTheSamePicture()
    {
        var jpeg = SeedPictures.Create().Select(seed => seed.Bytes).First(picture => picture is [0xFF, 0xD8, ..]);
        var padded = PaddedPhoto.Of(jpeg, 150_000);
        Assert.InRange(padded.Length, 149_990, 150_000);
        using var before = ImageDecoder.Decode(jpeg);
        foreach (var sent in new[] { padded, new PhotoSource([padded], unique: true).Photo(3).ToArray() })
        {
            using var after = ImageDecoder.Decode(sent);
            Assert.Equal(before.ToPlanes().ToArray(), after.ToPlanes().ToArray());
        }
    }
}
