using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;
using FewShotCluster.Demo.World.Dogs;

namespace FewShotCluster.Demo.Training;

/// <summary>
/// Draws the dogs that the refiner learns from: half with the shape of a group, half in studio pictures (without these it learns
/// the coat and no shape), never a demo breed.
/// </summary>
public static class RefinerSampler
{
    public static DogSpec Sample(WorldRandom random)
    {
        while (true)
        {
            var shape = random.Chance(.5) ? random.Choice(Enum.GetValues<DogGroup>()).Shape() : DogShape.Random(random);
            var dog = new DogSpec(shape, random.Choice(Enum.GetValues<Coat>()), Studio: random.Chance(.5));
            if (!HeldOut.Forbids(dog))
                return dog;
        }
    }
}
