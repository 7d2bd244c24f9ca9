namespace FewShotCluster.Demo.Classes;

/// <summary>What a picture is drawn for.</summary>
public enum Purpose : byte { Pretraining = 1, Refiner = 2, Shots = 3, Pool = 4, Test = 5 }

/// <summary>
/// One range of integers for each purpose, disjoint by construction: 8 bits of purpose, 24 bits of draw (the demo's or the
/// training's own seed), 12 bits of class, 20 bits of picture.
/// </summary>
public static class SeedRanges
{
    public const int MaxDraw = (1 << 24) - 1;
    public const int MaxClass = (1 << 12) - 1;
    public const int MaxPicture = (1 << 20) - 1;

    public static ulong Seed(Purpose purpose, int draw, int demoClass, int picture)
    {
        Check(draw, MaxDraw, nameof(draw));
        Check(demoClass, MaxClass, nameof(demoClass));
        Check(picture, MaxPicture, nameof(picture));
        return (ulong)purpose << 56 | (ulong)draw << 32 | (ulong)demoClass << 20 | (uint)picture;
    }

    private static void Check(int value, int max, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, max, name);
    }
}
