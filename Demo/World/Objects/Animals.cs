using static FewShotCluster.Demo.World.Ink;

namespace FewShotCluster.Demo.World.Objects;

internal static class Animals
{
    public static void Cat(ObjectPen pen, Proportions shape)
    {
        pen.Stroke(Main, .13, (-.6, .5), (-.95, .2), (-.8, -.25 - .2 * shape.A));
        pen.Oval(Body, -.15, .4, .6, .42 + .1 * shape.B);
        pen.Box(Body, -.55, .5, -.35, .95);
        pen.Box(Body, .1, .5, .3, .95);
        pen.Polygon(Body, (.12, -.3), (.2, -.85), (.45, -.5));
        pen.Polygon(Body, (.82, -.3), (.78, -.85), (.5, -.5));
        pen.Oval(Body, .47, -.22, .38, .33);
        foreach (var eye in (ReadOnlySpan<double>)[.34, .62])
        {
            pen.Oval(Of(220, 230, 90), eye, -.28, .06, .08);
            pen.Oval(Coal, eye, -.28, .025, .07);
        }
        pen.Polygon(Of(240, 130, 140), (.43, -.12), (.53, -.12), (.48, -.05));
        pen.Stroke(Coal, .03, (.2, -.08), (.05, -.12));
        pen.Stroke(Coal, .03, (.76, -.08), (.95, -.12));
    }

    public static void Rabbit(ObjectPen pen, Proportions shape)
    {
        var ear = .35 + .15 * shape.A;
        var innerEar = Of(240, 170, 180);
        pen.Oval(Body, -.15, .45, .55, .43);
        pen.Oval(Light, -.7, .45, .15, .15);
        pen.Oval(Body, .25, -.55, .1, ear, -.15);
        pen.Oval(Body, .5, -.55, .1, ear, .2);
        pen.Oval(innerEar, .26, -.55, .045, ear * .7, -.15);
        pen.Oval(innerEar, .5, -.55, .045, ear * .7, .2);
        pen.Oval(Body, .4, 0, .32, .29);
        pen.Oval(Coal, .5, -.06, .05, .06);
        pen.Oval(Of(230, 110, 130), .68, .05, .04, .03);
        pen.Oval(Body, .25, .85, .25, .1);
        pen.Oval(Body, -.35, .86, .3, .1);
    }

    public static void Fish(ObjectPen pen, Proportions shape)
    {
        var tail = .4 + .15 * shape.A;
        pen.Polygon(Body, (-.45, 0), (-.95, -tail), (-.85, 0), (-.95, tail));
        pen.Polygon(Dark, (-.1, -.3), (.1, -.65), (.35, -.25));
        pen.Polygon(Dark, (-.05, .3), (.1, .55), (.2, .25));
        pen.Oval(Body, .1, 0, .7, .3 + .15 * shape.B);
        pen.Oval(Chalk, .52, -.08, .09, .09);
        pen.Oval(Coal, .54, -.08, .045, .045);
        pen.Stroke(Dark, .04, (.3, -.22), (.25, 0), (.3, .22));
    }

    public static void Bird(ObjectPen pen, Proportions shape)
    {
        var leg = Of(210, 140, 40);
        pen.Polygon(Dark, (-.4, .1), (-.98, -.1), (-.9, .25));
        pen.Stroke(leg, .05, (0, .4), (-.05, .9), (.1, .9));
        pen.Stroke(leg, .05, (.15, .4), (.12, .9), (.27, .9));
        pen.Oval(Body, 0, .12, .55, .38);
        pen.Oval(Body, .42, -.35, .27, .26);
        pen.Polygon(Of(240, 170, 30), (.64, -.42), (.98, -.3 + .1 * shape.A), (.64, -.25));
        pen.Oval(Coal, .5, -.4, .05, .05);
        pen.Polygon(Dark, (-.35, -.05), (.25, 0), (-.3, .4));
    }

    public static void Snail(ObjectPen pen, Proportions shape)
    {
        pen.Stroke(Light, .26, (-.8, .72), (.75, .72));
        pen.Stroke(Light, .17, (.65, .65), (.75, .2));
        pen.Stroke(Light, .05, (.72, .2), (.62, -.15));
        pen.Stroke(Light, .05, (.78, .2), (.92, -.12));
        pen.Oval(Body, -.1, .12, .55 + .06 * shape.A, .55);
        pen.Stroke(Dark, .06, Gallery.Spiral(-.1, .12, radius: .45, shrink: .036, turn: .75, corners: 12));
    }

    public static void Turtle(ObjectPen pen, Proportions shape)
    {
        pen.Oval(Light, .75, .15, .22, .18);
        pen.Oval(Coal, .82, .1, .035, .04);
        pen.Oval(Light, -.45, .62, .17, .2);
        pen.Oval(Light, .35, .62, .17, .2);
        pen.Polygon(Light, (-.7, .4), (-.98, .55), (-.65, .55));
        pen.Polygon(Body, [(-.75, .5), .. Gallery.Dome(.5, .72, .75 + .2 * shape.A, steps: 14), (.75, .5)]);
        pen.Stroke(Dark, .1, (-.75, .52), (.75, .52));
    }

    public static void Butterfly(ObjectPen pen, Proportions shape)
    {
        ReadOnlySpan<int> sides = [-1, 1];
        foreach (var side in sides)
        {
            pen.Oval(Body, side * .45, -.3, .5, .38 + .08 * shape.A, side * -.6);
            pen.Oval(Body, side * .38, .4, .36, .3, side * .6);
            pen.Stroke(Coal, .04, (0, -.4), (side * .2, -.85));
        }
        foreach (var side in sides)
            pen.Oval(Second, side * .38, .42, .13, .12);
        pen.Oval(Coal, 0, 0, .08, .55);
    }

    public static void Elephant(ObjectPen pen, Proportions shape)
    {
        pen.Box(Body, -.7, .2, -.45, .92);
        pen.Box(Body, -.3, .3, -.08, .92);
        pen.Box(Body, .1, .2, .33, .92);
        pen.Oval(Body, -.2, .05, .65, .45);
        pen.Stroke(Dark, .05, (-.82, 0), (-.95, .35));
        pen.Oval(Body, .45, -.15, .35, .35);
        pen.Stroke(Main, .16, (.7, -.05), (.86, .3), (.8, .75), (.95, .8));
        pen.Oval(Dark, .3, -.15, .23, .33);
        pen.Oval(Coal, .6, -.22, .04, .05);
        pen.Polygon(Chalk, (.62, .12), (.9, .3), (.66, .22));
    }
}
