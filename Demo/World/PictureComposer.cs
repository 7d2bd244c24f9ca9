using FewShotCluster.Demo.World.Dogs;
using FewShotCluster.Demo.World.Objects;
using static FewShotCluster.Demo.World.Backgrounds;

namespace FewShotCluster.Demo.World;

/// <summary>Turns a specification and a seed into drawing commands: background, object, nuisances. Pure arithmetic.</summary>
public static class PictureComposer
{
    public static Picture Compose(PictureSpec spec, ulong seed)
    {
        var random = new WorldRandom(seed);
        var commands = new List<DrawCommand>();
        var scene = spec.Studio ? Scene.Plain : spec.Scene ?? Backgrounds.Random(random);
        var backdrop = Backgrounds.Compose(scene, random, commands);
        var texture = spec switch
        {
            DogSpec dog => Coats.Texture(dog.Coat, random),
            ThingSpec thing => Cloth(thing, random),
            _ => throw new ArgumentException($"cannot draw a {spec.GetType().Name}", nameof(spec)),
        };
        var pen = new ObjectPen(texture, Place(spec, random), commands);
        if (spec is DogSpec { Shape: var shape })
            DogArtist.Draw(pen, shape, random);
        else if (spec is ThingSpec thing)
            Gallery.Draw(thing.Thing, pen, (thing.Habit?.Proportions ?? Proportions.Random(random)).Jitter(random));
        if (random.Chance(spec.Studio ? 0 : spec is DogSpec ? .2 : .3))
            commands.Add(Occluder(random));
        return new Picture(backdrop, texture, commands, Camera(spec.Studio, random));
    }

    private static Texture Cloth(ThingSpec thing, WorldRandom random)
    {
        var main = Palette.Shade(thing.Color, random, thing.Habit?.HueShift ?? 0);
        var second = Palette.Shade(thing.Habit?.Second ?? Palette.Other(thing.Color, random), random);
        return Texture.Random(thing.Pattern, main, second, random);
    }

    private static Placement Place(PictureSpec spec, WorldRandom random)
    {
        var dog = spec is DogSpec;
        var aspect = Math.Exp(random.Gaussian(0, .06) + ((spec as ThingSpec)?.Habit?.LogAspect ?? 0));
        var scale = Picture.Side * (dog ? random.Uniform(.36, .45) : random.Uniform(.3, .44));
        var rotation = random.Gaussian(0, dog ? .09 : .16) * (spec.Studio ? .4 : 1);
        var mirror = random.Choice([-1, 1]);
        var room = Picture.Side * .47 - scale;
        return new Placement(
            scale, rotation, mirror,
            Picture.Side / 2.0 + random.Uniform(-1, 1) * room, Picture.Side / 2.0 + random.Uniform(-1, 1) * room, aspect);
    }

    /// <summary>A disc, or a bar across the whole picture.</summary>
    private static DrawCommand Occluder(WorldRandom random)
    {
        const double side = Picture.Side;
        var color = Rgb.Random(random, 20, 230);
        var (x, y, radius) = (random.Uniform(0, side), random.Uniform(0, side), side * random.Uniform(.06, .14));
        return random.Chance(.5)
            ? new FillPolygon(Oval(x, y, radius, radius), color)
            : new StrokeLine(
                [Point(x, -6), Point(x + random.Uniform(-40, 40), side + 6)], color, side * random.Uniform(.03, .07));
    }

    private static Finish Camera(bool studio, WorldRandom random)
    {
        var blur = random.Chance(studio ? 0 : .2) ? random.Uniform(.3, 1) : 0;
        var (direction, slope) = (random.Uniform(0, 2 * Math.PI), random.Uniform(0, .3));
        return new Finish(
            blur, random.Uniform(.72, 1.15), slope * Math.Cos(direction), slope * Math.Sin(direction),
            random.Gaussian(1, .05), random.Gaussian(1, .05),
            random.Uniform(1, studio ? 3 : 14), random.NextUInt64(), random.Integer(45, 92));
    }
}
