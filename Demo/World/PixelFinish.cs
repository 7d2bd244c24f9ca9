namespace FewShotCluster.Demo.World;

/// <summary>What the camera does to the pixels: blur, light and tint, grey noise.</summary>
internal static class PixelFinish
{
    private const int Side = Picture.Side;

    /// <summary>Changes the picture's RGBA pixels in place.</summary>
    public static void Apply(Span<byte> rgba, Finish finish)
    {
        if (finish.BlurRadius > 0)
        {
            Blur(rgba, finish.BlurRadius, along: 4, across: 4 * Side);
            Blur(rgba, finish.BlurRadius, along: 4 * Side, across: 4);
        }
        var noise = new WorldRandom(finish.NoiseSeed);
        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++)
            {
                var light = finish.Brightness + finish.SlopeX * FromCenter(x) + finish.SlopeY * FromCenter(y);
                var grain = finish.NoiseDeviation * noise.Gaussian();
                var pixel = rgba.Slice(4 * (y * Side + x), 3);
                pixel[0] = Clip(pixel[0] * light * finish.TintRed + grain);
                pixel[1] = Clip(pixel[1] * light + grain);
                pixel[2] = Clip(pixel[2] * light * finish.TintBlue + grain);
            }
    }

    /// <summary>Box blur of a radius of at most one pixel, in one direction; the picture's edge is repeated.</summary>
    private static void Blur(Span<byte> rgba, double radius, int along, int across)
    {
        Span<byte> line = stackalloc byte[Side];
        for (var start = 0; start < Side; start++)
            for (var channel = 0; channel < 3; channel++)
            {
                var first = start * across + channel;
                for (var i = 0; i < Side; i++)
                    line[i] = rgba[first + i * along];
                for (var i = 0; i < Side; i++)
                {
                    var neighbours = line[Math.Max(i - 1, 0)] + line[Math.Min(i + 1, Side - 1)];
                    rgba[first + i * along] = (byte)((line[i] + radius * neighbours) / (1 + 2 * radius) + .5);
                }
            }
    }

    private static double FromCenter(int index) => 2.0 * index / (Side - 1) - 1;

    private static byte Clip(double value) => (byte)Math.Clamp(value, 0, 255);
}
