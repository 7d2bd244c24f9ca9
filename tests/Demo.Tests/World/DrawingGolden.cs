using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;
using FewShotCluster.Demo.World.Dogs;

namespace FewShotCluster.Demo.Tests.World;

public class DrawingGolden
{
    // Freezes the order of random draws and every coordinate. A change here means new weights: bump TrainingRecipe.Version, train again.
    private const string TenPictures = "851995bdbd062fef";

    [Fact]
    public void Ten_pictures_are_drawn_as_when_the_weights_were_trained()
    {
        var classes = DemoClasses.All;
        var specs = Enumerable.Range(0, 8).Select(i => classes[i * 12 + 1].Spec)
            .Append(new DogSpec(DogGroup.Poodle.Shape(), Coat.Patched, Studio: true))
            .Append(new ThingSpec(Thing.Kite, Pattern.Checked, WorldColor.Orange, Scene: Scene.Noise));
        Assert.Equal(TenPictures, PictureText.Digest(specs.Select((spec, i) => PictureComposer.Compose(spec, (ulong)i)))[..16]);
    }

    [Fact]
    public void Every_thing_and_dog_can_be_drawn_inside_or_near_the_picture()
    {
        var things = Enum.GetValues<Thing>()
            .Select(thing => (PictureSpec)new ThingSpec(thing, Pattern.Striped, WorldColor.Red, Scene: Scene.Plain));
        var dogs = Enum.GetValues<DogGroup>().Select(group => (PictureSpec)new DogSpec(group.Shape(), Coat.Red, Scene.Plain));
        foreach (var spec in things.Concat(dogs))
        {
            var commands = PictureComposer.Compose(spec, 5).Commands;
            Assert.True(commands.Count(command => command.Color is null) > 0 && commands.Count >= 3, $"{spec} draws too little");
            Assert.All(commands, command => Assert.All(
                command.Points, point => Assert.InRange(Math.Max(Math.Abs(point.X - 64), Math.Abs(point.Y - 64)), 0, 110)));
        }
    }
}
