using static FewShotCluster.Demo.World.Ink;

namespace FewShotCluster.Demo.World.Dogs;

/// <summary>Draws a dog from the side, looking right: tail, legs, body, head, fur, beard, ear, face.</summary>
internal sealed class DogArtist(ObjectPen pen, DogShape shape, WorldRandom random)
{
    private const double BodyX = -.15;

    private readonly Build _build = Build.Of(shape, random);

    public static void Draw(ObjectPen pen, DogShape shape, WorldRandom random) => new DogArtist(pen, shape, random).Draw();

    private void Draw()
    {
        DrawTail();
        DrawLegs();
        DrawTrunkAndHead();
        DrawFur();
        DrawBeard();
        DrawEar();
        DrawFace();
    }

    private void DrawTail()
    {
        var (x, y) = (_build.RumpX, _build.BodyY);
        switch (shape.Tail)
        {
            case Tail.Curl:
                pen.Stroke(Main, .11, ObjectPen.Curve(8, i =>
                {
                    var (sine, cosine) = Math.SinCos(1.2 + i * .6);
                    return (x + .06 + .17 * cosine, y - .28 + .17 * sine);
                }));
                break;
            case Tail.Up:
                pen.Stroke(Main, .08, (x + .05, y - .08), (x - .12, y - .3), (x - .14 + random.Gaussian(0, .04), y - .58));
                break;
            case Tail.Plume:
                pen.Stroke(Main, .08, (x + .05, y - .05), (x - .15, y - .2));
                pen.Oval(Body, x - .22, y - .25 + random.Gaussian(0, .03), .24, .11, .5);
                break;
            case Tail.Down:
                pen.Stroke(Main, .12, (x + .06, y - .05), (x - .12, y + .12), (x - .16, y + .45));
                break;
            case Tail.Pompom:
                pen.Stroke(Main, .06, (x + .05, y - .1), (x - .08, y - .35));
                pen.Oval(Body, x - .1, y - .42, .13, .13);
                break;
        }
    }

    private void DrawLegs()
    {
        var (rump, chest) = (_build.RumpX, _build.ChestX);
        DrawLeg(Main, rump + .12);
        DrawLeg(Dark, rump + .3);
        DrawLeg(Dark, chest - .3);
        DrawLeg(Main, chest - .12);
    }

    private void DrawLeg(Ink ink, double x) =>
        pen.Stroke(ink, .13, (x, _build.BodyY + .05), (x + random.Gaussian(0, .03), .92));

    private void DrawTrunkAndHead()
    {
        var (y, chest, headX, headY) = (_build.BodyY, _build.ChestX, _build.HeadX, _build.HeadY);
        pen.Oval(Body, BodyX, y, _build.BodyLength, _build.BodyHeight);
        pen.Polygon(Body, (chest - .35, y - .1), (headX - .15, headY), (headX + .1, headY + .1), (chest - .02, y + .12));
        pen.Oval(Body, headX, headY, .2, .19);
        pen.Polygon(Body, (headX + .05, headY - .07), (_build.NoseX, headY), (_build.NoseX, headY + .13), (headX + .02, headY + .17));
    }

    private void DrawFur()
    {
        var (y, length, height, headX, headY) = (_build.BodyY, _build.BodyLength, _build.BodyHeight, _build.HeadX, _build.HeadY);
        if (shape.Fur == Fur.Shaggy)
        {
            for (var i = 0; i < 7; i++)
            {
                var x = BodyX - length * .8 + i * length * .25;
                pen.Polygon(Body, (x, y + height * .6), (x + .13, y + height * .6), (x + .05, y + height + .12));
            }
            pen.Polygon(Body, (headX - .2, headY + .1), (headX + .02, headY + .15), (headX - .12, headY + .4));
        }
        else if (shape.Fur == Fur.Curly)
        {
            for (var i = 0; i < 9; i++)
            {
                var back = y - height * .75 * Math.Sin(Math.PI * (i + 1) / 10);
                pen.Oval(Body, BodyX - length * .85 + i * length * .21, back, .12, .11);
            }
            for (var i = 0; i < 3; i++)
                pen.Oval(Body, headX - .12 + .11 * i, headY - .17, .11, .1);
            pen.Oval(Body, _build.RumpX + .12, .86, .1, .09);
            pen.Oval(Body, _build.ChestX - .12, .86, .1, .09);
        }
    }

    private void DrawBeard()
    {
        if (shape.Beard == Beard.No)
            return;
        var (x, y, muzzle) = (_build.HeadX, _build.HeadY, _build.MuzzleLength);
        pen.Polygon(Light, (x + .06, y + .1), (_build.NoseX, y + .1), (x + .1 + muzzle, y + .32), (x + .05 + muzzle * .5, y + .22));
    }

    private void DrawEar()
    {
        var (x, y) = (_build.HeadX, _build.HeadY);
        switch (shape.Ear)
        {
            case Ear.Prick:
                pen.Polygon(Dark, (x - .16, y - .1), (x - .1, y - .42 + random.Gaussian(0, .02)), (x + .05, y - .15));
                break;
            case Ear.Button:
                pen.Polygon(Dark, (x - .14, y - .17), (x - .02, y - .24), (x + .07, y - .04));
                break;
            case Ear.Floppy:
                pen.Oval(Dark, x - .1, y + .02, .09, .17 + random.Gaussian(0, .01), .2);
                break;
            case Ear.Long:
                pen.Oval(Dark, x - .1, y + .16, .1, .31 + random.Gaussian(0, .02), .1);
                break;
        }
    }

    private void DrawFace()
    {
        pen.Oval(Coal, _build.HeadX + .08, _build.HeadY - .04, .035, .04);
        pen.Oval(Coal, _build.NoseX, _build.HeadY + .03, .05, .045);
    }

    /// <summary>One dog's measures: the attributes' typical ones with a little variation.</summary>
    private readonly record struct Build(
        double BodyLength, double BodyHeight, double BodyY, double HeadX, double HeadY, double MuzzleLength)
    {
        public double RumpX => BodyX - BodyLength;

        public double ChestX => BodyX + BodyLength;

        public double NoseX => HeadX + .16 + MuzzleLength;

        public static Build Of(DogShape shape, WorldRandom random)
        {
            var leg = random.Gaussian(shape.Legs switch { Legs.Short => .2, Legs.Medium => .42, _ => .62 }, .03);
            var length = random.Gaussian(shape.Trunk switch { Trunk.Compact => .42, Trunk.Normal => .55, _ => .7 }, .02);
            var height = random.Gaussian(shape.Trunk == Trunk.Compact ? .3 : .25, .015);
            var muzzle = random.Gaussian(shape.Muzzle switch { Muzzle.Short => .1, Muzzle.Medium => .22, _ => .36 }, .015);
            var bodyY = .95 - leg - height * .8;
            return new Build(
                length, height, bodyY, BodyX + length + random.Gaussian(.12, .02), bodyY - random.Gaussian(.42, .03), muzzle);
        }
    }
}
