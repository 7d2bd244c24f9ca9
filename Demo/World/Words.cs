namespace FewShotCluster.Demo.World;

public enum WorldColor { Red, Orange, Yellow, Green, Blue, Purple, Pink, Brown, Black, White }

public enum Pattern { Plain, Striped, Spotted, Checked }

public enum Family { Animal, Food, Object, Vehicle, Dog }

public enum Scene { Grass, Snow, Sea, Night, Desert, Room, Plain, Noise }

/// <summary>What can be drawn besides dogs, in the order of the families.</summary>
public enum Thing
{
    Cat, Rabbit, Fish, Bird, Snail, Turtle, Butterfly, Elephant,
    Apple, Pear, Cupcake, Mushroom, Lollipop, Cookie,
    Cup, Chair, Lamp, Umbrella, Hat, Vase, Kite, Sock,
    Car, Bus, Truck, Sailboat, Rocket, Airplane, Train, Tractor,
}

/// <summary>The world's words: every word is the lower-case name of an enum member.</summary>
public static class Words
{
    public static string Word<T>(this T value) where T : struct, Enum => WordTable<T>.Words[value];

    public static bool TryParse<T>(string word, out T value) where T : struct, Enum => WordTable<T>.Values.TryGetValue(word, out value);

    public static Family Family(this Thing thing) => thing switch
    {
        <= Thing.Elephant => World.Family.Animal,
        <= Thing.Cookie => World.Family.Food,
        <= Thing.Sock => World.Family.Object,
        _ => World.Family.Vehicle,
    };

    private static class WordTable<T> where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Words =
            Enum.GetValues<T>().ToDictionary(value => value, value => value.ToString().ToLowerInvariant());

        public static readonly Dictionary<string, T> Values = Words.ToDictionary(pair => pair.Value, pair => pair.Key);
    }
}
