using System.Numerics;

namespace FewShotCluster.Demo.World;

/// <summary>Six scenes (sky, ground and some blobs), an even colour, or coarse colour noise.</summary>
public static class Backgrounds
{
    private static readonly Scene[] Draw = [.. Enum.GetValues<Scene>(), Scene.Plain];

    /// <summary>A scene as often as the world shows it: plain twice as often as any other.</summary>
    public static Scene Random(WorldRandom random) => random.Choice(Draw);

    /// <summary>Whether it is a place that a caption can name.</summary>
    public static bool IsPlace(this Scene scene) => scene < Scene.Plain;

    public static Backdrop Compose(Scene scene, WorldRandom random, List<DrawCommand> commands)
    {
        switch (scene)
        {
            case Scene.Plain:
                return new Backdrop(1, [Rgb.Random(random, 40, 235)]);
            case Scene.Noise:
                var cells = random.Choice([4, 6, 9]);
                return new Backdrop(cells, [.. Enumerable.Range(0, cells * cells).Select(_ => Rgb.Random(random, 30, 224))]);
            default:
                return ComposePlace(scene, random, commands);
        }
    }

    private static Backdrop ComposePlace(Scene scene, WorldRandom random, List<DrawCommand> commands)
    {
        const double side = Picture.Side;
        var (sky, ground) = Colors(scene);
        (sky, ground) = (sky.Jitter(random, 14), ground.Jitter(random, 14));
        var horizon = side * random.Uniform(.4, .75);
        commands.Add(new FillPolygon([
            Point(0, horizon + random.Uniform(-8, 8)), Point(side, horizon + random.Uniform(-8, 8)), Point(side, side), Point(0, side)],
            ground));
        for (var blobs = random.Integer(2, 7); blobs > 0; blobs--)
        {
            var (x, y, radius) = (random.Uniform(0, side), random.Uniform(0, side), side * random.Uniform(.021, .115));
            var color = (y > horizon ? ground : sky).Mix(Rgb.Random(random, 0, 255), .35);
            commands.Add(new FillPolygon(
                random.Chance(.5)
                    ? Oval(x, y, radius, radius * .6)
                    : [Point(x - radius, y + radius), Point(x, y - radius), Point(x + radius, y + radius)],
                color));
        }
        return new Backdrop(1, [sky]);
    }

    private static (Rgb Sky, Rgb Ground) Colors(Scene scene) => scene switch
    {
        Scene.Grass => (new(150, 200, 235), new(95, 160, 75)),
        Scene.Snow => (new(190, 210, 230), new(235, 238, 242)),
        Scene.Sea => (new(170, 215, 240), new(50, 110, 170)),
        Scene.Night => (new(20, 24, 50), new(45, 42, 60)),
        Scene.Desert => (new(220, 205, 170), new(205, 165, 105)),
        Scene.Room => (new(200, 185, 165), new(130, 100, 75)),
        _ => throw new ArgumentOutOfRangeException(nameof(scene), scene, "not a place"),
    };

    internal static Vector2 Point(double x, double y) => new((float)x, (float)y);

    internal static Vector2[] Oval(double x, double y, double radiusX, double radiusY) =>
        [.. Enumerable.Range(0, 26).Select(i => Point(
            x + radiusX * Math.Cos(2 * Math.PI * i / 26), y + radiusY * Math.Sin(2 * Math.PI * i / 26)))];
}
