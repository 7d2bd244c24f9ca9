using FewShotCluster.Demo.World;
using FewShotCluster.Demo.World.Dogs;

namespace FewShotCluster.Demo.Classes;

/// <summary>
/// What pre-training must never see: the (pattern, colour, thing) of any demo class; an unseen class's (colour, thing) in any
/// pattern where its name has no pattern; a demo breed, whether by its group and coat or by the full set of attributes.
/// </summary>
public static class HeldOut
{
    private static readonly HashSet<(Pattern, WorldColor, Thing)> Combinations =
        [.. ThingSpecs(DemoClasses.All).Select(spec => (spec.Pattern, spec.Color, spec.Thing))];

    private static readonly HashSet<(WorldColor, Thing)> UnseenColors =
        [.. ThingSpecs(DemoClasses.Unseen).Where(spec => spec.Pattern == Pattern.Plain).Select(spec => (spec.Color, spec.Thing))];

    private static readonly HashSet<(DogShape, Coat)> Breeds =
        [.. DemoClasses.All.Select(demoClass => demoClass.Spec).OfType<DogSpec>().Select(dog => (dog.Shape, dog.Coat))];

    public static bool Forbids(PictureSpec spec) => spec switch
    {
        ThingSpec thing => Combinations.Contains((thing.Pattern, thing.Color, thing.Thing))
            || UnseenColors.Contains((thing.Color, thing.Thing)),
        DogSpec dog => Breeds.Contains((dog.Shape, dog.Coat)),
        _ => throw new ArgumentException($"no rule for a {spec.GetType().Name}", nameof(spec)),
    };

    private static IEnumerable<ThingSpec> ThingSpecs(IEnumerable<DemoClass> classes) =>
        classes.Select(demoClass => demoClass.Spec).OfType<ThingSpec>();
}
