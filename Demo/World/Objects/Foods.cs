using static FewShotCluster.Demo.World.Ink;

namespace FewShotCluster.Demo.World.Objects;

internal static class Foods
{
    private static readonly Ink Stalk = Of(100, 65, 30);

    public static void Apple(ObjectPen pen, Proportions shape)
    {
        pen.Stroke(Stalk, .08, (0, -.4), (.08, -.8));
        pen.Oval(Of(70, 160, 60), .28, -.7, .22, .1, -.4);
        pen.Oval(Body, -.27, .12, .5, .6);
        pen.Oval(Body, .27, .12, .5, .6);
        pen.Oval(Light, -.4, -.1, .1, .17, .4);
    }

    public static void Pear(ObjectPen pen, Proportions shape)
    {
        pen.Stroke(Stalk, .08, (0, -.6), (.08, -.95));
        pen.Oval(Body, 0, .38, .58, .5);
        pen.Oval(Body, 0, -.25, .3 + .06 * shape.A, .5);
        pen.Polygon(Body, (-.5, .2), (-.25, -.4), (.25, -.4), (.5, .2));
    }

    public static void Cupcake(ObjectPen pen, Proportions shape)
    {
        pen.Polygon(Second, (-.55, .1), (.55, .1), (.4, .9), (-.4, .9));
        foreach (var fold in (ReadOnlySpan<double>)[-.35, 0, .35])
            pen.Stroke(Coal, .03, (fold, .15), (fold * .75, .88));
        pen.Oval(Body, 0, 0, .68, .26);
        pen.Oval(Body, 0, -.28, .5, .24);
        pen.Oval(Body, 0, -.5, .3, .2);
        pen.Oval(Of(200, 20, 40), 0, -.75, .13, .13);
    }

    public static void Mushroom(ObjectPen pen, Proportions shape)
    {
        pen.Polygon(Of(240, 228, 205), (-.2, .1), (.2, .1), (.3, .9), (-.3, .9));
        pen.Polygon(Body, Gallery.Dome(.2, .85, .75 + .2 * shape.A, steps: 16));
        pen.Oval(Dark, 0, .2, .85, .12);
    }

    public static void Lollipop(ObjectPen pen, Proportions shape)
    {
        pen.Stroke(Chalk, .09, (0, .1), (0, .98));
        pen.Oval(Body, 0, -.3, .62, .62);
        pen.Stroke(Light, .06, Gallery.Spiral(0, -.3, radius: .5, shrink: .045, turn: .8, corners: 11));
    }

    public static void Cookie(ObjectPen pen, Proportions shape)
    {
        pen.Oval(Dark, 0, 0, .85, .8);
        pen.Oval(Body, -.02, -.03, .8, .75);
        for (var chip = 0; chip < 6; chip++)
        {
            var (sine, cosine) = Math.SinCos(chip * 1.3 + shape.A);
            pen.Oval(Of(60, 35, 20), .5 * cosine, .5 * sine * (.4 + .12 * chip), .09, .08);
        }
        pen.Oval(Second, .8, -.55, .3, .28);
    }
}
