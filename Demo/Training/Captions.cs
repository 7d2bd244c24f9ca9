using FewShotCluster.Demo.World;

namespace FewShotCluster.Demo.Training;

/// <summary>Writes a caption from a picture's facts, a new one each time.</summary>
public static class Captions
{
    private static readonly string[] Templates =
    [
        "a photo of a {0}.", "a photo of the {0}.", "a picture of a {0}.", "a drawing of a {0}.", "{0}", "the {0}", "a {0}",
        "a small {0}.", "a large {0}.",
    ];

    public static string Write(PictureFacts facts, WorldRandom random)
    {
        var text = string.Format(null, random.Choice(Templates), Phrase(facts, random));
        var ending = random.Unit();
        if (ending < .2)
            return $"{text.TrimEnd('.')}, a type of {facts.Family.Word()}";
        if (ending < .35 && facts.Scene.IsPlace())
            return $"{text.TrimEnd('.')} {Place(facts.Scene)}";
        return text;
    }

    /// <summary>The full phrase in either order, one attribute dropped, or the noun alone.</summary>
    private static string Phrase(PictureFacts facts, WorldRandom random)
    {
        var roll = random.Unit();
        var noun = facts.Family == Family.Dog && random.Chance(.45) ? Family.Dog.Word() : facts.Noun;
        var pattern = random.Chance(.2) ? Synonym(facts.Pattern) : facts.Pattern.Word();
        if (roll < .1)
            return noun;
        if (facts.Pattern == Pattern.Plain)
            return $"{facts.Adjective} {noun}";
        return roll switch
        {
            < .2 => $"{pattern} {noun}",
            < .35 => $"{facts.Adjective} {noun}",
            < .55 => $"{facts.Adjective} {pattern} {noun}",
            _ => $"{pattern} {facts.Adjective} {noun}",
        };
    }

    private static string Synonym(Pattern pattern) => pattern switch
    {
        Pattern.Spotted => "dotted",
        Pattern.Checked => "checkered",
        Pattern.Striped => "stripy",
        _ => pattern.Word(),
    };

    private static string Place(Scene scene) => scene switch
    {
        Scene.Grass => "on the grass",
        Scene.Snow => "in the snow",
        Scene.Sea => "by the sea",
        Scene.Night => "at night",
        Scene.Desert => "in the desert",
        Scene.Room => "in a room",
        _ => throw new ArgumentOutOfRangeException(nameof(scene), scene, "not a place"),
    };
}
