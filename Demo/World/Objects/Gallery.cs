namespace FewShotCluster.Demo.World.Objects;

/// <summary>Finds the drawing routine of a thing.</summary>
public static class Gallery
{
    public static void Draw(Thing thing, ObjectPen pen, Proportions shape)
    {
        Action<ObjectPen, Proportions> routine = thing switch
        {
            Thing.Cat => Animals.Cat,
            Thing.Rabbit => Animals.Rabbit,
            Thing.Fish => Animals.Fish,
            Thing.Bird => Animals.Bird,
            Thing.Snail => Animals.Snail,
            Thing.Turtle => Animals.Turtle,
            Thing.Butterfly => Animals.Butterfly,
            Thing.Elephant => Animals.Elephant,
            Thing.Apple => Foods.Apple,
            Thing.Pear => Foods.Pear,
            Thing.Cupcake => Foods.Cupcake,
            Thing.Mushroom => Foods.Mushroom,
            Thing.Lollipop => Foods.Lollipop,
            Thing.Cookie => Foods.Cookie,
            Thing.Cup => HouseholdObjects.Cup,
            Thing.Chair => HouseholdObjects.Chair,
            Thing.Lamp => HouseholdObjects.Lamp,
            Thing.Umbrella => HouseholdObjects.Umbrella,
            Thing.Hat => HouseholdObjects.Hat,
            Thing.Vase => HouseholdObjects.Vase,
            Thing.Kite => HouseholdObjects.Kite,
            Thing.Sock => HouseholdObjects.Sock,
            Thing.Car => Vehicles.Car,
            Thing.Bus => Vehicles.Bus,
            Thing.Truck => Vehicles.Truck,
            Thing.Sailboat => Vehicles.Sailboat,
            Thing.Rocket => Vehicles.Rocket,
            Thing.Airplane => Vehicles.Airplane,
            Thing.Train => Vehicles.Train,
            Thing.Tractor => Vehicles.Tractor,
            _ => throw new ArgumentOutOfRangeException(nameof(thing), thing, "not a thing of the world"),
        };
        routine(pen, shape);
    }

    /// <summary>The upper half of an ellipse, from its left end to its right one.</summary>
    internal static (double X, double Y)[] Dome(double baseY, double radiusX, double height, int steps) =>
        ObjectPen.Curve(steps, i =>
        {
            var (sine, cosine) = Math.SinCos(Math.PI * (1 + (double)i / steps));
            return (radiusX * cosine, baseY + height * sine);
        });

    /// <summary>A spiral inwards; angle in radians and radius lost a step.</summary>
    internal static (double X, double Y)[] Spiral(double x, double y, double radius, double shrink, double turn, int corners) =>
        ObjectPen.Curve(corners - 1, i =>
        {
            var (sine, cosine) = Math.SinCos(i * turn);
            return (x + (radius - shrink * i) * cosine, y + (radius - shrink * i) * sine);
        });
}
