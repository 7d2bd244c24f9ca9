using FewShotCluster.Demo.World;

namespace FewShotCluster.Demo.Classes;

/// <summary>
/// The demo's pictures, JPEG bytes, 128 x 128: picture <c>index</c> of a class in the draw <c>demoSeed</c>. Labelled shots,
/// the pool whose labels nobody sees, and the test pictures never share a picture.
/// </summary>
public static class DemoPictures
{
    public static byte[] Shots(DemoClass demoClass, int index, int demoSeed) => Render(Purpose.Shots, demoClass, index, demoSeed);

    public static byte[] Pool(DemoClass demoClass, int index, int demoSeed) => Render(Purpose.Pool, demoClass, index, demoSeed);

    public static byte[] Test(DemoClass demoClass, int index, int demoSeed) => Render(Purpose.Test, demoClass, index, demoSeed);

    private static byte[] Render(Purpose purpose, DemoClass demoClass, int index, int demoSeed) =>
        WorldRenderer.Render(demoClass.Spec, SeedRanges.Seed(purpose, demoSeed, demoClass.Id, index));
}
