using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;
using FewShotCluster.Demo.World.Dogs;

namespace FewShotCluster.Demo.Training;

/// <summary>Draws what pre-training sees: any picture of the world but the held-out ones.</summary>
public static class PretrainingSampler
{
    private const double DogShare = .15;
    private const double GroupShare = .5;
    private const double PatternedShare = .85;

    public static (PictureSpec Spec, PictureFacts Facts) Sample(WorldRandom random)
    {
        var scene = Backgrounds.Random(random);
        while (true)
        {
            var sample = random.Chance(DogShare) ? SampleDog(scene, random) : SampleThing(scene, random);
            if (!HeldOut.Forbids(sample.Spec))
                return sample;
        }
    }

    private static (PictureSpec Spec, PictureFacts Facts) SampleDog(Scene scene, WorldRandom random)
    {
        var coat = random.Choice(Enum.GetValues<Coat>());
        DogGroup? group = random.Chance(GroupShare) ? random.Choice(Enum.GetValues<DogGroup>()) : null;
        var shape = group?.Shape() ?? DogShape.Random(random);
        var noun = group?.Word() ?? Family.Dog.Word();
        return (new DogSpec(shape, coat, scene), new PictureFacts(Family.Dog, noun, coat.Word(), Pattern.Plain, scene));
    }

    private static (PictureSpec Spec, PictureFacts Facts) SampleThing(Scene scene, WorldRandom random)
    {
        var thing = random.Choice(Enum.GetValues<Thing>());
        var pattern = random.Chance(PatternedShare) ? random.Choice(Enum.GetValues<Pattern>()) : Pattern.Plain;
        var color = random.Choice(Palette.Colors);
        return (new ThingSpec(thing, pattern, color, Scene: scene),
            new PictureFacts(thing.Family(), thing.Word(), color.Word(), pattern, scene));
    }
}
