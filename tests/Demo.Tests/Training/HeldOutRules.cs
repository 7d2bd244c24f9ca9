using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.Training;
using FewShotCluster.Demo.World;
using FewShotCluster.Demo.World.Dogs;

namespace FewShotCluster.Demo.Tests.Training;

public class HeldOutRules
{
    private const int Samples = 20_000;

    [Fact]
    public void Pretraining_never_sees_a_demo_combination()
    {
        var random = new WorldRandom(42);
        var specs = Enumerable.Range(0, Samples).Select(_ => PretrainingSampler.Sample(random).Spec).ToList();
        var classes = DemoClasses.All.Select(demoClass => demoClass.Spec).ToList();
        var looks = classes.OfType<ThingSpec>().Select(spec => (spec.Pattern, spec.Color, spec.Thing)).ToHashSet();
        var breeds = classes.OfType<DogSpec>().Select(spec => (spec.Shape, spec.Coat)).ToHashSet();
        Assert.DoesNotContain(specs.OfType<ThingSpec>(), spec => looks.Contains((spec.Pattern, spec.Color, spec.Thing)));
        Assert.DoesNotContain(specs.OfType<DogSpec>(), spec => breeds.Contains((spec.Shape, spec.Coat)));
        Assert.DoesNotContain(specs.OfType<ThingSpec>(), spec => (spec.Color, spec.Thing) == (WorldColor.Red, Thing.Car));
    }

    [Fact]
    public void Pretraining_sees_every_word()
    {
        var random = new WorldRandom(43);
        var specs = Enumerable.Range(0, Samples).Select(_ => PretrainingSampler.Sample(random).Spec).ToList();
        Assert.Equal(Enum.GetValues<Thing>().Length, specs.OfType<ThingSpec>().Select(spec => spec.Thing).Distinct().Count());
        Assert.Equal(Enum.GetValues<WorldColor>().Length, specs.OfType<ThingSpec>().Select(spec => spec.Color).Distinct().Count());
        Assert.Equal(Enum.GetValues<Pattern>().Length, specs.OfType<ThingSpec>().Select(spec => spec.Pattern).Distinct().Count());
        Assert.Equal(Enum.GetValues<Coat>().Length, specs.OfType<DogSpec>().Select(spec => spec.Coat).Distinct().Count());
    }

    [Fact]
    public void No_caption_holds_an_unseen_name_or_a_breed()
    {
        var random = new WorldRandom(44);
        var forbidden = DemoClasses.Unseen.Concat(DemoClasses.InFamily(Family.Dog)).Select(demoClass => Normalize(demoClass.Name)).ToList();
        for (var i = 0; i < Samples; i++)
        {
            var caption = Normalize(Captions.Write(PretrainingSampler.Sample(random).Facts, random));
            Assert.DoesNotContain(forbidden, name => $" {caption} ".Contains($" {name} ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_refiner_never_sees_a_breed()
    {
        var random = new WorldRandom(45);
        var dogs = Enumerable.Range(0, Samples).Select(_ => RefinerSampler.Sample(random)).ToList();
        var breeds = DemoClasses.InFamily(Family.Dog).Select(demoClass => (DogSpec)demoClass.Spec).ToHashSet();
        Assert.DoesNotContain(dogs, dog => breeds.Contains(dog with { Studio = false }));
        Assert.InRange(dogs.Count(dog => dog.Studio), Samples * 45 / 100, Samples * 55 / 100);
    }

    /// <summary>Synonyms mapped, punctuation dropped, colour before pattern swapped to the names' order.</summary>
    private static string Normalize(string text)
    {
        var words = text.Replace(".", "").Replace(",", "").Split(' ').Select(word => word switch
        {
            "dotted" => "spotted",
            "checkered" => "checked",
            "stripy" => "striped",
            _ => word,
        }).ToList();
        for (var i = 0; i + 1 < words.Count; i++)
            if (Words.TryParse(words[i], out WorldColor _) && Words.TryParse(words[i + 1], out Pattern _))
                (words[i], words[i + 1]) = (words[i + 1], words[i]);
        return string.Join(' ', words);
    }
}
