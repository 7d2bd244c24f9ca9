namespace FewShotCluster.Demo.World;

/// <summary>
/// The demo world's own random numbers: SplitMix64 (Steele, Lea and Flood, 2014) and Box-Muller. System.Random's sequence is no
/// contract between versions of .NET; this one is, so that a seed names the same picture for ever.
/// </summary>
public sealed class WorldRandom(ulong seed)
{
    // The seed is mixed first, so that seeds a multiple of the increment apart do not share a stream.
    private ulong _state = Mix(seed);
    private double? _spare;

    /// <summary>A generator whose seed is a text (FNV-1a, 64 bits).</summary>
    public static WorldRandom FromText(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var letter in text)
            hash = (hash ^ letter) * 1099511628211UL;
        return new WorldRandom(hash);
    }

    public ulong NextUInt64() => Mix(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>Uniform in [0, 1).</summary>
    public double Unit() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    public double Uniform(double low, double high) => low + (high - low) * Unit();

    public bool Chance(double probability) => Unit() < probability;

    /// <summary>Uniform integer, both ends included.</summary>
    public int Integer(int low, int high) => low + (int)BigMul((ulong)(high - low + 1), NextUInt64());

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

    private static ulong BigMul(ulong range, ulong random) => Math.BigMul(range, random, out _);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
