using static FewShotCluster.Demo.World.Ink;

namespace FewShotCluster.Demo.World.Objects;

internal static class Vehicles
{
    private static readonly Ink Hub = Of(170, 170, 175);

    public static void Car(ObjectPen pen, Proportions shape)
    {
        pen.Polygon(Body, (-.55, .1), (-.3, -.38), (.3, -.38), (.6, .1));
        pen.Polygon(Glass, (-.42, .05), (-.24, -.28), (0, -.28), (0, .05));
        pen.Polygon(Glass, (.06, .05), (.06, -.28), (.26, -.28), (.45, .05));
        pen.Polygon(Body, (-.95, .1), (.8, .1), (.95, .25), (.95, .5), (-.95, .5));
        Wheel(pen, -.5, .5, .21);
        Wheel(pen, .52, .5, .21);
        pen.Oval(Of(255, 240, 150), .9, .28, .06, .06);
    }

    public static void Bus(ObjectPen pen, Proportions shape)
    {
        pen.Box(Body, -.95, -.6, .95, .5);
        foreach (var window in (ReadOnlySpan<double>)[-.85, -.5, -.15, .2])
            pen.Box(Glass, window, -.45, window + .26, -.1);
        pen.Box(Glass, .6, -.45, .88, .45);
        pen.Stroke(Dark, .05, (-.93, .1), (.55, .1));
        Wheel(pen, -.5, .52, .2);
        Wheel(pen, .45, .52, .2);
    }

    public static void Truck(ObjectPen pen, Proportions shape)
    {
        pen.Box(Body, -.95, -.6 - .1 * shape.A, .3, .4);
        pen.Polygon(Dark, (.36, -.3), (.7, -.3), (.95, .05), (.95, .45), (.36, .45));
        pen.Polygon(Glass, (.45, -.2), (.66, -.2), (.83, .05), (.45, .05));
        pen.Box(Coal, -.95, .4, .95, .5);
        foreach (var x in (ReadOnlySpan<double>)[-.65, -.2, .62])
            Wheel(pen, x, .55, .19);
    }

    public static void Sailboat(ObjectPen pen, Proportions shape)
    {
        pen.Stroke(Of(90, 60, 40), .06, (0, -.9), (0, .4));
        pen.Polygon(Body, (.06, -.9), (.8, .3), (.06, .3));
        pen.Polygon(Body, (-.07, -.7), (-.6, .3), (-.07, .3));
        pen.Polygon(Dark, (-.9, .42), (.9, .42), (.6, .85), (-.6, .85));
    }

    public static void Rocket(ObjectPen pen, Proportions shape)
    {
        pen.Polygon(Second, (-.3, .4), (-.65, .85), (-.25, .7));
        pen.Polygon(Second, (.3, .4), (.65, .85), (.25, .7));
        pen.Polygon(Of(255, 160, 30), (-.18, .72), (.18, .72), (0, .99));
        pen.Polygon(Body, (-.3, .7), (-.33, -.3), (-.2, -.65), (0, -.95), (.2, -.65), (.33, -.3), (.3, .7));
        pen.Oval(Glass, 0, -.25, .16, .16);
    }

    public static void Airplane(ObjectPen pen, Proportions shape)
    {
        pen.Polygon(Dark, (-.1, 0), (-.5, -.75), (-.2, -.75), (.3, 0));
        pen.Polygon(Body, (-.75, 0), (-.95, -.5), (-.75, -.5), (-.5, 0));
        pen.Oval(Body, 0, .05, .92, .2);
        pen.Polygon(Dark, (-.15, .1), (-.55, .75), (-.25, .75), (.3, .1));
        foreach (var window in (ReadOnlySpan<double>)[-.3, -.1, .1, .3])
            pen.Oval(Glass, window, 0, .05, .05);
        pen.Polygon(Coal, (.68, -.08), (.86, -.02), (.7, .02));
    }

    public static void Train(ObjectPen pen, Proportions shape)
    {
        pen.Box(Dark, -.95, -.75, -.35, .45);
        pen.Box(Glass, -.83, -.6, -.47, -.2);
        pen.Box(Body, -.4, -.3, .75, .45);
        pen.Oval(Body, .75, .08, .18, .37);
        pen.Box(Coal, .35, -.75, .55, -.3);
        pen.Oval(Coal, .45, -.78, .17, .08);
        foreach (var x in (ReadOnlySpan<double>)[-.7, -.2, .2, .6])
            Wheel(pen, x, .62, .2);
        pen.Polygon(Coal, (.75, .45), (.98, .75), (.7, .75));
    }

    public static void Tractor(ObjectPen pen, Proportions shape)
    {
        pen.Box(Dark, -.6, -.75, 0, -.65);
        pen.Stroke(Coal, .06, (-.55, -.7), (-.55, 0));
        pen.Stroke(Coal, .06, (-.05, -.7), (.05, 0));
        pen.Box(Body, -.6, -.1, .85, .35);
        pen.Stroke(Coal, .07, (.6, -.1), (.6, -.55));
        Wheel(pen, -.4, .4, .45);
        Wheel(pen, .62, .62, .24);
    }

    private static void Wheel(ObjectPen pen, double x, double y, double radius)
    {
        pen.Oval(Coal, x, y, radius, radius);
        pen.Oval(Hub, x, y, radius * .45, radius * .45);
    }
}
