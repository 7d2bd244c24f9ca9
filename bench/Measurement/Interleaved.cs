namespace FewShotCluster.Bench.Measurement;

/// <summary>
/// Times variants round by round, each once a round, so that whatever slows the machine down slows all of them. Rounds in which
/// something else kept the processor busy do not count, as long as there are enough others.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="processor">Tells processor time used so far.</param>
public sealed class Interleaved(TimeProvider time, Func<ProcessorTime> processor)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private const double NeighbourShare = 0.06; // of one core
    private const double OwnShare = 0.9;        // of the wall time

    public Interleaved() : this(TimeProvider.System, ProcessorTime.Now)
    {
    }

    /// <summary>A shorter call is repeated that long within its turn; below some 200 ms a round is too short to see neighbours.</summary>
    public TimeSpan Turn { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Quiet rounds wanted.</summary>
    public int Rounds { get; init; } = 7;

    /// <summary>After that time no round begins, quiet or not.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Medians and quartiles over the quiet rounds; where they are too few, over as many of the quietest.</summary>
    /// <param name="variants">Each takes a turn to warm up and one a round: a call, or several short ones.</param>
    /// <param name="against">The variant that ratios refer to.</param>
    /// <param name="cancellationToken">Looked at between calls.</param>
    public Comparison Run(IReadOnlyList<Variant> variants, string against, CancellationToken cancellationToken = default)
    {
        var reference = variants.ToList().FindIndex(v => v.Name == against);
        if (reference < 0) throw new ArgumentException($"'{against}' is none of the variants");
        // A turn, not a call: .NET compiles what runs often a second time.
        foreach (var variant in variants) TakeTurn(variant.Call);

        var start = time.GetTimestamp();
        var rounds = new List<Round>();
        while (rounds.Count(r => r.Quiet) < Rounds && (rounds.Count == 0 || time.GetElapsedTime(start) < Limit))
            rounds.Add(Once(variants, first: rounds.Count, cancellationToken));

        var quiet = rounds.Count(r => r.Quiet);
        var kept = rounds.OrderByDescending(r => r.Quiet).ThenBy(r => r.Neighbours).Take(Math.Max(quiet, Rounds)).ToList();
        return new Comparison(
            [.. variants.Select((variant, i) => new Timing(
                variant.Name, Spread.Of(kept.Select(r => r.Milliseconds[i])),
                Spread.Of(kept.Select(r => r.Milliseconds[reference] / r.Milliseconds[i]))))],
            quiet, rounds.Count);
    }

    private Round Once(IReadOnlyList<Variant> variants, int first, CancellationToken cancellationToken)
    {
        var milliseconds = new double[variants.Count];
        var (before, start) = (processor(), time.GetTimestamp());
        for (var i = 0; i < variants.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Each round begins with another one: none always runs after the same neighbour.
            var turn = (first + i) % variants.Count;
            milliseconds[turn] = TakeTurn(variants[turn].Call);
        }
        var (after, wall) = (processor(), time.GetElapsedTime(start));
        var own = after.Own - before.Own;
        var neighbours = after.All - before.All - own;
        return new Round(milliseconds, neighbours / wall, neighbours <= NeighbourShare * wall + Tick && own >= OwnShare * wall);
    }

    // A short call's first is not counted: it finds the variant's weights out of the cache and the last one's threads still spinning.
    private double TakeTurn(Action call)
    {
        var start = time.GetTimestamp();
        call();
        var first = time.GetElapsedTime(start);
        if (first >= Turn) return first.TotalMilliseconds;
        var calls = new List<double>();
        do
        {
            var begin = time.GetTimestamp();
            call();
            calls.Add(time.GetElapsedTime(begin).TotalMilliseconds);
        }
        while (time.GetElapsedTime(start) < Turn);
        return Spread.Of(calls).Median;
    }

    private sealed record Round(double[] Milliseconds, double Neighbours, bool Quiet);
}
