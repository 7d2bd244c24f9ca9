namespace FewShotCluster.Demo.World;

/// <summary>An 8-bit colour.</summary>
public readonly record struct Rgb(byte R, byte G, byte B)
{
    public static readonly Rgb Black = new(0, 0, 0);
    public static readonly Rgb White = new(255, 255, 255);

    /// <summary>This colour with a share of another one.</summary>
    public Rgb Mix(Rgb other, double share) =>
        new(Blend(R, other.R, share), Blend(G, other.G, share), Blend(B, other.B, share));

    public static Rgb Random(WorldRandom random, int low, int high) =>
        new((byte)random.Integer(low, high), (byte)random.Integer(low, high), (byte)random.Integer(low, high));

    /// <summary>Each channel moved by its own Gaussian step.</summary>
    public Rgb Jitter(WorldRandom random, double deviation) =>
        new(Clamp(R + random.Gaussian(0, deviation)), Clamp(G + random.Gaussian(0, deviation)), Clamp(B + random.Gaussian(0, deviation)));

    /// <summary>Hue in degrees, saturation and value in [0, 1].</summary>
    public static Rgb FromHsv(double hue, double saturation, double value)
    {
        var sector = (hue % 360 + 360) % 360 / 60;
        return new(Channel(5), Channel(3), Channel(1));

        byte Channel(int shift)
        {
            var k = (shift + sector) % 6;
            return (byte)(255 * (value - value * saturation * Math.Clamp(Math.Min(k, 4 - k), 0, 1)));
        }
    }

    private static byte Blend(byte from, byte to, double share) => (byte)(from * (1 - share) + to * share);

    private static byte Clamp(double value) => (byte)Math.Clamp(value, 0, 255);
}
