using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;
using FewShotCluster.Demo.World.Dogs;

namespace FewShotCluster.Demo.Tests.Classes;

public class ClassTable
{
    [Fact]
    public void There_are_103_classes_of_five_families()
    {
        Assert.Equal(Enumerable.Range(0, 103), DemoClasses.All.Select(demoClass => demoClass.Id));
        Assert.Equal(103, DemoClasses.All.Select(demoClass => demoClass.Name).Distinct().Count());
        Assert.Equal((79, 24), (DemoClasses.Seen.Count(), DemoClasses.Unseen.Count()));
        Assert.Equal(24, DemoClasses.InFamily(Family.Dog).Count(demoClass => demoClass.Seen));
        Assert.All(DemoClasses.Unseen, demoClass => Assert.Equal(Family.Vehicle, demoClass.Family));
        Assert.Equal(
            [Family.Animal, Family.Food, Family.Object, Family.Dog, Family.Vehicle],
            DemoClasses.All.Select(demoClass => demoClass.Family).Distinct());
    }

    [Fact]
    public void Every_dog_group_has_three_coats_and_every_vehicle_three_looks()
    {
        var dogs = DemoClasses.InFamily(Family.Dog).Select(demoClass => (DogSpec)demoClass.Spec).ToList();
        Assert.Equal(Enum.GetValues<DogGroup>().Select(group => group.Shape()).ToHashSet(), dogs.Select(dog => dog.Shape).ToHashSet());
        Assert.All(dogs.GroupBy(dog => dog.Shape), group => Assert.Equal(3, group.Select(dog => dog.Coat).Distinct().Count()));
        Assert.All(
            DemoClasses.Unseen.GroupBy(demoClass => ((ThingSpec)demoClass.Spec).Thing),
            kind => Assert.Equal(3, kind.Count()));
    }

    [Fact]
    public void No_two_classes_look_alike_even_where_the_colour_is_hidden()
    {
        var things = DemoClasses.All.Select(demoClass => demoClass.Spec).OfType<ThingSpec>().ToList();
        Assert.Equal(things.Count, things.Select(spec => (spec.Pattern, spec.Color, spec.Thing)).Distinct().Count());
        Assert.All(things, spec => Assert.NotEqual(spec.Color, spec.Habit!.Second));
    }

    [Fact]
    public void Hidden_colours_are_none_that_another_name_of_the_same_thing_tells()
    {
        var things = DemoClasses.All.Where(demoClass => demoClass.Spec is ThingSpec)
            .ToLookup(demoClass => ((ThingSpec)demoClass.Spec).Thing);
        Assert.All(things, siblings =>
        {
            var words = siblings.SelectMany(demoClass => demoClass.Name.Split(' ')).ToHashSet();
            foreach (var (demoClass, spec) in siblings.Select(demoClass => (demoClass, (ThingSpec)demoClass.Spec)))
            {
                Assert.DoesNotContain(spec.Habit!.Second.Word(), words);
                Assert.True(demoClass.Name.Contains(spec.Color.Word()) || !words.Contains(spec.Color.Word()), demoClass.Name);
            }
        });
    }

    [Fact]
    public void Names_of_the_worlds_words_can_be_drawn_and_others_not()
    {
        Assert.Equal((Thing.Kite, Pattern.Striped, WorldColor.Pink), Look("striped pink kite"));
        Assert.Equal((Thing.Kite, Pattern.Striped, WorldColor.Pink), Look("pink striped kite"));
        Assert.Null(DemoClasses.SpecOf("zebra"));
        Assert.Null(DemoClasses.SpecOf("shiny cat"));
        Assert.Null(DemoClasses.SpecOf("red blue cat"));

        static (Thing, Pattern, WorldColor) Look(string name) =>
            DemoClasses.SpecOf(name) is { } spec ? (spec.Thing, spec.Pattern, spec.Color) : default;
    }
}
