using FewShotCluster.Demo.World;
using FewShotCluster.Demo.World.Dogs;

namespace FewShotCluster.Demo.Classes;

/// <summary>
/// The 103 classes of the demo: 55 seen animals, foods and objects, 24 seen dogs (three coats of each group), 24 unseen vehicles
/// (three of each kind). A name tells only a part: the hidden habits, and the colour where the name has none, follow from the name.
/// </summary>
public static class DemoClasses
{
    private static readonly string[] Things =
    [
        "purple cat", "spotted cat", "purple rabbit", "checked rabbit", "striped purple rabbit", "orange fish", "striped fish",
        "green bird", "checked bird", "spotted green bird", "black snail", "spotted snail", "checked black snail", "blue turtle",
        "checked turtle", "green butterfly", "striped purple butterfly", "brown elephant", "spotted elephant",
        "purple apple", "striped blue apple", "spotted purple apple", "white pear", "checked blue pear", "blue cupcake",
        "striped cupcake", "checked blue cupcake", "brown mushroom", "striped pink mushroom", "purple lollipop",
        "checked white lollipop", "brown cookie", "striped cookie",
        "red cup", "checked cup", "spotted red cup", "purple chair", "spotted chair", "checked purple chair", "red lamp",
        "spotted green lamp", "striped red lamp", "brown umbrella", "striped umbrella", "checked brown umbrella", "yellow hat",
        "checked pink hat", "pink vase", "striped vase", "spotted pink vase", "green kite", "spotted kite", "striped green kite",
        "pink sock", "spotted black sock",
    ];

    private static readonly string[] Dogs =
    [
        "black hound", "white hound", "brindled hound", "white terrier", "brindled terrier", "brown terrier", "brindled spaniel",
        "brown spaniel", "red spaniel", "brown shepherd", "red shepherd", "patched shepherd", "spotted spitz", "black spitz",
        "white spitz", "black poodle", "white poodle", "brindled poodle", "white mastiff", "brindled mastiff", "brown mastiff",
        "brindled corgi", "brown corgi", "red corgi",
    ];

    private static readonly string[] Vehicles =
    [
        "black car", "red car", "checked brown car", "black bus", "pink bus", "spotted white bus", "pink truck", "orange truck",
        "checked brown truck", "pink sailboat", "red sailboat", "striped green sailboat", "green rocket", "brown rocket",
        "striped yellow rocket", "purple airplane", "red airplane", "striped orange airplane", "white train", "yellow train",
        "spotted orange train", "white tractor", "red tractor", "striped orange tractor",
    ];

    private static readonly ILookup<Thing, WorldColor> NamedColors = Things.Concat(Vehicles)
        .Select(name => Parse(name) ?? throw new InvalidOperationException($"'{name}' is not made of the world's words"))
        .Where(look => look.Color is not null)
        .ToLookup(look => look.Thing, look => look.Color!.Value);

    /// <summary>All classes; an id is its index. Seen classes come first: things, then dogs.</summary>
    public static IReadOnlyList<DemoClass> All { get; } =
    [
        .. Things.Select((name, i) => OfThing(i, name, seen: true)),
        .. Dogs.Select((name, i) => OfDog(Things.Length + i, name)),
        .. Vehicles.Select((name, i) => OfThing(Things.Length + Dogs.Length + i, name, seen: false)),
    ];

    public static IEnumerable<DemoClass> Seen => All.Where(demoClass => demoClass.Seen);

    public static IEnumerable<DemoClass> Unseen => All.Where(demoClass => !demoClass.Seen);

    public static IEnumerable<DemoClass> InFamily(Family family) => All.Where(demoClass => demoClass.Family == family);

    /// <summary>
    /// What a picture of any thing of the world must be drawn like from its name, <c>[pattern] [colour] thing</c> in any order of the
    /// first two; a colour not named is a hidden habit. Null where the words are not the world's.
    /// </summary>
    public static ThingSpec? SpecOf(string name)
    {
        if (Parse(name) is not { } look)
            return null;
        // Hidden colours are none that a name gives to the same thing: two names would fit one picture.
        var random = WorldRandom.FromText(name);
        WorldColor[] free = [.. Palette.Colors.Except(NamedColors[look.Thing])];
        var color = look.Color ?? random.Choice([.. free.Where(hidden => hidden != WorldColor.Black)]);
        var second = random.Choice([.. free.Where(other => other != color)]);
        var habit = new Habit(second, random.Uniform(-8, 8), Proportions.Random(random), random.Gaussian(0, .08));
        return new ThingSpec(look.Thing, look.Pattern ?? Pattern.Plain, color, habit);
    }

    private static (Thing Thing, Pattern? Pattern, WorldColor? Color)? Parse(string name)
    {
        var words = name.Split(' ');
        if (!Words.TryParse(words[^1], out Thing thing))
            return null;
        Pattern? pattern = null;
        WorldColor? color = null;
        foreach (var word in words[..^1])
            if (pattern is null && Words.TryParse(word, out Pattern namedPattern))
                pattern = namedPattern;
            else if (color is null && Words.TryParse(word, out WorldColor namedColor))
                color = namedColor;
            else
                return null;
        return (thing, pattern, color);
    }

    private static DemoClass OfThing(int id, string name, bool seen)
    {
        var spec = SpecOf(name) ?? throw new InvalidOperationException($"'{name}' is not made of the world's words");
        return new DemoClass(id, name, spec.Thing.Family(), seen, spec);
    }

    private static DemoClass OfDog(int id, string name)
    {
        var words = name.Split(' ');
        if (!Words.TryParse(words[0], out Coat coat) || !Words.TryParse(words[1], out DogGroup group))
            throw new InvalidOperationException($"'{name}' is not a coat and a group");
        return new DemoClass(id, name, Family.Dog, Seen: true, new DogSpec(group.Shape(), coat));
    }
}
