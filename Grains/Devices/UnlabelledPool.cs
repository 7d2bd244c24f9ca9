using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Devices;

/// <summary>
/// Features of photos that one slot classified for one class set: distinct by content, and beyond the limit a uniform sample of
/// all that came (Vitter's algorithm R). Thread safe.
/// </summary>
internal sealed class UnlabelledPool(int limit, int seed)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ContentKey, EncoderFeatures[]> _images = [];
    private readonly List<ContentKey> _order = [];
    private readonly Random _random = new(seed);
    private long _offered;

    public void Offer(ContentKey key, EncoderFeatures[] features)
    {
        lock (_gate)
        {
            if (_images.ContainsKey(key)) return;
            _offered++;
            if (_order.Count < limit)
            {
                _order.Add(key);
                _images.Add(key, features);
                return;
            }
            var place = _random.NextInt64(_offered);
            if (place >= limit) return;
            _images.Remove(_order[(int)place]);
            _order[(int)place] = key;
            _images.Add(key, features);
        }
    }

    /// <summary>A stretch of the images in order of content key; [rows, D] per encoder.</summary>
    public PoolChunk Read(int skip, int take)
    {
        KeyValuePair<ContentKey, EncoderFeatures[]>[] images;
        lock (_gate) images = [.. _images];
        var chunk = images.OrderBy(i => (i.Key.A, i.Key.B, i.Key.C, i.Key.D)).Skip(skip).Take(take).ToArray();
        var encoders = chunk.Length == 0 ? [] : chunk[0].Value.Select((first, e) => first with { Values = Rows(e) }).ToArray();
        return new PoolChunk([.. chunk.Select(i => i.Key)], encoders, images.Length);

        byte[] Rows(int encoder) => FloatBytes.Concatenate([.. chunk.Select(i => i.Value[encoder].Values)]);
    }
}
