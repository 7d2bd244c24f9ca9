namespace FewShotCluster.Demo.World.Dogs;

public enum Ear { Prick, Button, Floppy, Long }

public enum Muzzle { Short, Medium, Long }

public enum Tail { Curl, Up, Plume, Down, Pompom }

public enum Legs { Short, Medium, Tall }

public enum Trunk { Compact, Normal, Long }

public enum Fur { Smooth, Shaggy, Curly }

public enum Beard { No, Yes }

/// <summary>Seven attributes of a dog's shape; with the coat they are the eight attributes that the refiner learns to read.</summary>
public sealed record DogShape(Ear Ear, Muzzle Muzzle, Tail Tail, Legs Legs, Trunk Trunk, Fur Fur, Beard Beard)
{
    public static DogShape Random(WorldRandom random) => new(
        random.Choice(Enum.GetValues<Ear>()), random.Choice(Enum.GetValues<Muzzle>()), random.Choice(Enum.GetValues<Tail>()),
        random.Choice(Enum.GetValues<Legs>()), random.Choice(Enum.GetValues<Trunk>()), random.Choice(Enum.GetValues<Fur>()),
        random.Choice(Enum.GetValues<Beard>()));
}
