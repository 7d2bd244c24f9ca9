namespace FewShotCluster.Demo.World.Dogs;

/// <summary>Eight kinds of dog; a group fixes the shape.</summary>
public enum DogGroup { Hound, Terrier, Spaniel, Shepherd, Spitz, Poodle, Mastiff, Corgi }

public static class DogGroups
{
    public static DogShape Shape(this DogGroup group) => group switch
    {
        DogGroup.Hound => new(Ear.Long, Muzzle.Long, Tail.Up, Legs.Tall, Trunk.Normal, Fur.Smooth, Beard.No),
        DogGroup.Terrier => new(Ear.Button, Muzzle.Medium, Tail.Up, Legs.Medium, Trunk.Compact, Fur.Shaggy, Beard.Yes),
        DogGroup.Spaniel => new(Ear.Long, Muzzle.Medium, Tail.Plume, Legs.Medium, Trunk.Normal, Fur.Shaggy, Beard.No),
        DogGroup.Shepherd => new(Ear.Prick, Muzzle.Long, Tail.Down, Legs.Medium, Trunk.Normal, Fur.Smooth, Beard.No),
        DogGroup.Spitz => new(Ear.Prick, Muzzle.Short, Tail.Curl, Legs.Medium, Trunk.Compact, Fur.Shaggy, Beard.No),
        DogGroup.Poodle => new(Ear.Floppy, Muzzle.Long, Tail.Pompom, Legs.Tall, Trunk.Compact, Fur.Curly, Beard.No),
        DogGroup.Mastiff => new(Ear.Floppy, Muzzle.Short, Tail.Down, Legs.Tall, Trunk.Compact, Fur.Smooth, Beard.No),
        DogGroup.Corgi => new(Ear.Prick, Muzzle.Medium, Tail.Plume, Legs.Short, Trunk.Long, Fur.Smooth, Beard.No),
        _ => throw new ArgumentOutOfRangeException(nameof(group), group, "not a group of dogs"),
    };
}
