namespace FewShotCluster.Grains.Devices;

/// <summary>
/// Running measure of how long a batch takes, by kind and size. Sizes are the buckets 1, 2, 4, 8, ... up to the largest batch: a network
/// meets few shapes, each known since warm-up. Written by the device's thread, read from any.
/// </summary>
internal sealed class BatchTimes
{
    private const double Weight = 0.2;

    // A stall of the machine says nothing of the next batch: one sample counts for at most this many times what was known.
    private const double MaxSurprise = 3;

    private readonly double[][] _seconds;

    public BatchTimes(int maxBatch)
    {
        var buckets = new List<int>();
        for (var size = 1; size < maxBatch; size *= 2) buckets.Add(size);
        Buckets = [.. buckets, maxBatch];
        _seconds = [.. Enum.GetValues<WorkKind>().Select(_ => new double[Buckets.Length])];
    }

    /// <summary>Batch sizes, ascending.</summary>
    public int[] Buckets { get; }

    public void Record(WorkKind kind, int size, double seconds)
    {
        ref var known = ref _seconds[(int)kind][Index(size)];
        var value = known > 0 ? (1 - Weight) * known + Weight * Math.Min(seconds, MaxSurprise * known) : seconds;
        Volatile.Write(ref known, value);
    }

    /// <summary>Seconds of a batch; a size not met yet counts in proportion to the nearest that was, none met: 0.</summary>
    public double Of(WorkKind kind, int size)
    {
        var index = Index(size);
        for (var i = index; i >= 0; i--)
        {
            if (Known(kind, i) is > 0 and var below) return below * Buckets[index] / Buckets[i];
        }
        for (var i = index + 1; i < Buckets.Length; i++)
        {
            if (Known(kind, i) is > 0 and var above) return above;
        }
        return 0;
    }

    /// <summary>Seconds an item at the rate of the best bucket: what a full queue drains at.</summary>
    public double PerItem(WorkKind kind)
    {
        var best = double.PositiveInfinity;
        for (var i = 0; i < Buckets.Length; i++)
        {
            if (Known(kind, i) is > 0 and var seconds) best = Math.Min(best, seconds / Buckets[i]);
        }
        return double.IsFinite(best) ? best : 0;
    }

    /// <summary>
    /// How many of the waiting items to take: all of them, the batch padded up to its bucket, or the bucket below; whichever answers more
    /// items a second by the measured times.
    /// </summary>
    public int Take(WorkKind kind, int waiting)
    {
        if (waiting >= Buckets[^1]) return Buckets[^1];
        var index = Index(waiting);
        if (Buckets[index] == waiting) return waiting;
        var below = Buckets[index - 1];
        return waiting * Of(kind, below) >= below * Of(kind, waiting) ? waiting : below;
    }

    /// <summary>The size that a batch of so many items runs at.</summary>
    public int Bucket(int items) => Buckets[Index(items)];

    /// <summary>The largest size below.</summary>
    public int Below(int items) => Buckets[Index(items) - 1];

    private double Known(WorkKind kind, int index) => Volatile.Read(ref _seconds[(int)kind][index]);

    private int Index(int size)
    {
        var index = Array.BinarySearch(Buckets, size);
        return Math.Min(index >= 0 ? index : ~index, Buckets.Length - 1);
    }
}
