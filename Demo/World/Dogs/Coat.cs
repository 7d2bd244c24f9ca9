namespace FewShotCluster.Demo.World.Dogs;

public enum Coat { Black, Brown, Golden, White, Red, Spotted, Brindled, Patched }

public static class Coats
{
    private static readonly Rgb Straw = new(225, 190, 120);
    private static readonly Rgb Rust = new(150, 70, 30);

    /// <summary>The cloth a dog of this coat is cut from.</summary>
    public static Texture Texture(Coat coat, WorldRandom random) => coat switch
    {
        Coat.Black => Plain(Natural(WorldColor.Black, random), Natural(WorldColor.Brown, random)),
        Coat.Brown => Plain(Natural(WorldColor.Brown, random), Natural(WorldColor.Black, random)),
        Coat.Golden => Plain(Palette.Shade(WorldColor.Yellow, random, hueShift: -12).Mix(Straw, .65), Natural(WorldColor.White, random)),
        Coat.White => Plain(Natural(WorldColor.White, random), Natural(WorldColor.Brown, random)),
        Coat.Red => Plain(Palette.Shade(WorldColor.Orange, random).Mix(Rust, .5), Natural(WorldColor.White, random)),
        Coat.Spotted => World.Texture.Random(
            Pattern.Spotted, Natural(WorldColor.White, random), Natural(WorldColor.Black, random), random, scale: .62),
        Coat.Brindled => World.Texture.Random(
            Pattern.Striped, Natural(WorldColor.Brown, random), Natural(WorldColor.Black, random), random, scale: .5),
        Coat.Patched => PatchedTexture.Random(Natural(WorldColor.White, random), Natural(WorldColor.Brown, random), random),
        _ => throw new ArgumentOutOfRangeException(nameof(coat), coat, "not a coat"),
    };

    private static PlainTexture Plain(Rgb main, Rgb second) => new(main, second);

    private static Rgb Natural(WorldColor color, WorldRandom random) => Palette.Shade(color, random);
}
