using FewShotCluster.Demo.World.Dogs;

namespace FewShotCluster.Demo.World;

/// <summary>
/// What a picture shows. Everything left open (the scene, a second colour, proportions) is drawn from the picture's seed.
/// <paramref name="Studio"/> pictures have a plain background, no occluder, no blur and little noise.
/// </summary>
public abstract record PictureSpec(Scene? Scene, bool Studio);

public sealed record ThingSpec(
    Thing Thing, Pattern Pattern, WorldColor Color, Habit? Habit = null, Scene? Scene = null, bool Studio = false)
    : PictureSpec(Scene, Studio);

public sealed record DogSpec(DogShape Shape, Coat Coat, Scene? Scene = null, bool Studio = false) : PictureSpec(Scene, Studio);

/// <summary>
/// Typical properties that a class's name does not tell: what labels can teach and text cannot.
/// <paramref name="HueShift"/> in degrees, <paramref name="LogAspect"/> the log of the width's stretch.
/// </summary>
public sealed record Habit(WorldColor Second, double HueShift, Proportions Proportions, double LogAspect);

/// <summary>Two free proportions in [0, 1], used by each drawing routine as it likes (a tail's height, a belly's girth).</summary>
public readonly record struct Proportions(double A, double B)
{
    public static Proportions Random(WorldRandom random) => new(random.Unit(), random.Unit());

    public Proportions Jitter(WorldRandom random) => new(
        Math.Clamp(A + random.Gaussian(0, .2), 0, 1), Math.Clamp(B + random.Gaussian(0, .2), 0, 1));
}
