using FewShotCluster.Demo.World;
using FewShotCluster.Demo.World.Dogs;

namespace FewShotCluster.Demo.Training;

/// <summary>The eight attributes that the refiner's heads predict: seven of the shape, and the coat.</summary>
public static class DogAttributes
{
    /// <summary>Number of values of each attribute, in the order of <see cref="Of"/>.</summary>
    public static IReadOnlyList<int> HeadSizes { get; } =
    [
        Count<Ear>(), Count<Muzzle>(), Count<Tail>(), Count<Legs>(), Count<Trunk>(), Count<Fur>(), Count<Beard>(), Count<Coat>(),
    ];

    public static long[] Of(DogSpec dog)
    {
        var shape = dog.Shape;
        return
        [
            (long)shape.Ear, (long)shape.Muzzle, (long)shape.Tail, (long)shape.Legs, (long)shape.Trunk, (long)shape.Fur,
            (long)shape.Beard, (long)dog.Coat,
        ];
    }

    private static int Count<T>() where T : struct, Enum => Enum.GetValues<T>().Length;
}
