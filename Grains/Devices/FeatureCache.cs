using BitFaster.Caching.Lru;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Metrics;

namespace FewShotCluster.Grains.Devices;

/// <summary>Address of cached features: what was encoded and by which networks.</summary>
internal readonly record struct FeatureKey(ContentKey Content, string Digest);

/// <summary>
/// Features by content, with single flight. All entries of one cache have the same size, so the bound on bytes is a bound on their number.
/// </summary>
internal sealed class FeatureCache<TValue> where TValue : class
{
    /// <summary>Headers of an entry's array and record of one encoder.</summary>
    public const int RowOverheadBytes = 64;

    // Key, nodes of list and dictionary, and headers of one entry, rounded up.
    private const int EntryOverheadBytes = 256;

    private readonly ConcurrentLru<FeatureKey, TValue> _entries;
    private readonly SingleFlight<FeatureKey, TValue> _flights = new();
    private readonly FewShotMetrics _metrics;
    private readonly string _name;
    private long _hits;
    private long _misses;

    public FeatureCache(string name, long bytes, int entryBytes, FewShotMetrics metrics)
    {
        (_name, _metrics) = (name, metrics);
        _entries = new ConcurrentLru<FeatureKey, TValue>((int)Math.Clamp(bytes / (entryBytes + EntryOverheadBytes), 3, int.MaxValue / 2));
    }

    public long Hits => Volatile.Read(ref _hits);

    public long Misses => Volatile.Read(ref _misses);

    /// <summary>Computations under way.</summary>
    public int Flights => _flights.Count;

    public bool TryGet(FeatureKey key, out TValue value)
    {
        if (!_entries.TryGet(key, out value!)) return false;
        Interlocked.Increment(ref _hits);
        _metrics.CacheLookup(_name, hit: true);
        return true;
    }

    /// <summary>A value that is cached, not counted as a lookup; null: it is not.</summary>
    public TValue? Peek(FeatureKey key) => _entries.TryGet(key, out var value) ? value : null;

    /// <summary>Computes what <see cref="TryGet"/> did not find; stored before the last caller is answered.</summary>
    public Task<TValue> Compute(FeatureKey key, Func<CancellationToken, Task<TValue>> compute, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _misses);
        _metrics.CacheLookup(_name, hit: false);
        return _flights.Run(key, Store, cancellationToken);

        async Task<TValue> Store(CancellationToken abandoned)
        {
            // A flight that ended between the lookup and this one left its value behind.
            if (_entries.TryGet(key, out var present)) return present;
            var value = await compute(abandoned);
            _entries.AddOrUpdate(key, value);
            return value;
        }
    }
}
