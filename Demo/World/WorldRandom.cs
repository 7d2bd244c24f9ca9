using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Demo.World;

/// <summary>
/// The demo world's random numbers: SplitMix64 and Box-Muller. The sequence is a contract, so that a seed names the same picture for
/// ever.
/// </summary>
public sealed class WorldRandom(ulong seed)
{
    // The seed is mixed first, so that seeds a multiple of the increment apart do not share a stream.
    private readonly SplitMix64 _bits = new(SplitMix64.Mix(seed));
    private double? _spare;

    /// <summary>A generator whose seed is a text (FNV-1a, 64 bits).</summary>
    public static WorldRandom FromText(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var letter in text)
            hash = (hash ^ letter) * 1099511628211UL;
        return new WorldRandom(hash);
    }

    public ulong NextUInt64() => _bits.Next();

    /// <summary>Uniform in [0, 1).</summary>
    public double Unit() => _bits.Fraction();

    public double Uniform(double low, double high) => low + (high - low) * Unit();

    public bool Chance(double probability) => Unit() < probability;

    /// <summary>Uniform integer, both ends included.</summary>
    public int Integer(int low, int high) => low + _bits.Below(high - low + 1);

    public T Choice<T>(IReadOnlyList<T> items) => items[Integer(0, items.Count - 1)];

    public double Gaussian(double mean, double deviation) => mean + deviation * Gaussian();

    public double Gaussian()
    {
        if (_spare is { } kept)
        {
            _spare = null;
            return kept;
        }
        var radius = Math.Sqrt(-2 * Math.Log(1 - Unit()));
        var (sine, cosine) = Math.SinCos(2 * Math.PI * Unit());
        _spare = radius * sine;
        return radius * cosine;
    }

    /// <summary>Fisher-Yates, in place.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var last = items.Length - 1; last > 0; last--)
        {
            var other = Integer(0, last);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }
}
