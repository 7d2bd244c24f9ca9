using static FewShotCluster.Demo.World.Ink;

namespace FewShotCluster.Demo.World.Objects;

internal static class HouseholdObjects
{
    private static readonly Ink Wood = Of(90, 60, 40);

    public static void Cup(ObjectPen pen, Proportions shape)
    {
        pen.Stroke(Main, .13, (.5, -.2), (.9, -.15), (.85, .35), (.45, .45));
        pen.Polygon(Body, (-.65, -.6), (.6, -.6), (.45 - .1 * shape.A, .8), (-.5 + .1 * shape.A, .8));
        pen.Oval(Dark, -.02, -.6, .63, .15);
    }

    public static void Chair(ObjectPen pen, Proportions shape)
    {
        foreach (var front in (ReadOnlySpan<double>)[-.55, .5])
            pen.Stroke(Dark, .1, (front, .2), (front, .95));
        foreach (var back in (ReadOnlySpan<double>)[-.35, .68])
            pen.Stroke(Dark, .08, (back, .1), (back, .8));
        pen.Box(Body, -.62, -.95, .3 + .2 * shape.A, .1);
        pen.Polygon(Body, (-.65, .05), (.5, .05), (.75, .3), (-.6, .3));
    }

    public static void Lamp(ObjectPen pen, Proportions shape)
    {
        var metal = Of(90, 80, 75);
        var top = .3 + .15 * shape.A;
        pen.Stroke(metal, .09, (0, -.1), (0, .8));
        pen.Oval(metal, 0, .85, .4, .12);
        pen.Polygon(Body, (-top, -.9), (top, -.9), (.7, .05), (-.7, .05));
        pen.Stroke(Coal, .03, (.3, .05), (.3, .35));
    }

    public static void Umbrella(ObjectPen pen, Proportions shape)
    {
        pen.Stroke(Wood, .07, (0, -.4), (0, .8), (.12, .92), (.25, .8));
        pen.Polygon(Body, [
            .. Gallery.Dome(.05, .95, .75 + .15 * shape.A, steps: 16), (.63, -.1), (.32, .05), (0, -.1), (-.32, .05), (-.63, -.1)]);
        pen.Stroke(Coal, .06, (0, -.7), (0, -.92));
    }

    public static void Hat(ObjectPen pen, Proportions shape)
    {
        var crown = .45 + .1 * shape.A;
        pen.Oval(Body, 0, .5, .95, .2);
        pen.Polygon(Body, (-.55, .45), (-crown, -.6), (crown, -.6), (.55, .45));
        pen.Oval(Light, 0, -.6, .02 + crown, .12);
        pen.Polygon(Second, (-.55, .42), (-.53, .2), (.53, .2), (.55, .42));
    }

    public static void Vase(ObjectPen pen, Proportions shape)
    {
        pen.Polygon(Body, (-.2, -.2), (-.35, -.75), (.35, -.75), (.2, -.2));
        pen.Oval(Body, 0, .3, .5 + .1 * shape.A, .5);
        pen.Polygon(Body, (-.3, .65), (.3, .65), (.35, .95), (-.35, .95));
        pen.Oval(Dark, 0, -.75, .35, .09);
    }

    public static void Kite(ObjectPen pen, Proportions shape)
    {
        pen.Polygon(Body, (0, -.95), (.6, -.25), (0, .55), (-.6, -.25));
        pen.Stroke(Dark, .04, (0, -.95), (0, .55));
        pen.Stroke(Dark, .04, (-.6, -.25), (.6, -.25));
        pen.Stroke(Coal, .04, (0, .55), (.2, .7), (0, .82), (.2, .97));
        foreach (var (x, y) in (ReadOnlySpan<(double, double)>)[(.1, .7), (.05, .9)])
            pen.Polygon(Second, (x, y), (x + .2, y - .1), (x + .2, y + .1));
    }

    public static void Sock(ObjectPen pen, Proportions shape)
    {
        pen.Polygon(Body, (-.35, -.9), (.25, -.9), (.25, .2), (.75, .45), (.75, .8), (.5, .9), (-.1, .85), (-.38, .5));
        pen.Box(Second, -.4, -.95, .3, -.72);
        pen.Polygon(Second, (.75, .45), (.75, .8), (.5, .9), (.45, .3));
    }
}
