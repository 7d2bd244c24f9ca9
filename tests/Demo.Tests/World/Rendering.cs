using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Demo.Tests.World;

public class Rendering
{
    [Fact]
    public void Equal_seeds_give_equal_bytes_and_other_seeds_other_pictures()
    {
        var cat = DemoClasses.All[0];
        Assert.Equal(DemoPictures.Test(cat, 3, demoSeed: 7), DemoPictures.Test(cat, 3, demoSeed: 7));
        byte[][] others =
        [
            DemoPictures.Test(cat, 3, demoSeed: 7), DemoPictures.Test(cat, 4, demoSeed: 7), DemoPictures.Test(cat, 3, demoSeed: 8),
            DemoPictures.Pool(cat, 3, demoSeed: 7), DemoPictures.Shots(cat, 3, demoSeed: 7),
        ];
        Assert.Equal(others.Length, others.Select(Convert.ToHexString).Distinct().Count());
    }

    [Theory]
    [InlineData(WorldColor.Red, 0)]
    [InlineData(WorldColor.Green, 1)]
    [InlineData(WorldColor.Blue, 2)]
    public void A_colour_comes_out_in_its_own_channel(WorldColor color, int channel)
    {
        var spec = new ThingSpec(Thing.Apple, Pattern.Plain, color, Scene: Scene.Plain, Studio: true);
        var image = ImageDecoder.Decode(WorldRenderer.Render(spec, 2));
        Assert.Equal((Picture.Side, Picture.Side), (image.Width, image.Height));
        var pixels = image.ToRgb();
        // The most saturated pixels are the apple's.
        var apple = Enumerable.Range(0, pixels.Length / 3).Select(i => pixels[(3 * i)..(3 * i + 3)])
            .OrderByDescending(rgb => rgb.Max() - rgb.Min()).Take(800);
        Assert.All(apple, rgb => Assert.Equal(rgb.Max(), rgb[channel]));
    }
}
