using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Devices;

/// <summary>Bounds of an unlabelled pool.</summary>
/// <param name="Limit">Images in all.</param>
/// <param name="PerClass">Images predicted to be of one class.</param>
/// <param name="TimeToLive">How long an image stays.</param>
internal sealed record PoolLimits(int Limit, int PerClass, TimeSpan TimeToLive);

/// <summary>
/// A reservoir of photos that one slot classified for one class set: distinct by content, a stratum for each class that was
/// predicted. A full stratum is a uniform sample of what came to it (Vitter's algorithm R); a full pool gives up images of its largest
/// stratum. So a stream that shows one class for hours does not push the others out. Thread safe.
/// </summary>
internal sealed class UnlabelledPool(PoolLimits limits, int seed, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ContentKey, Image> _images = [];
    private readonly Dictionary<int, Stratum> _strata = [];
    private readonly Queue<(ContentKey Key, long AddedAt)> _ages = [];
    private readonly Random _random = new(seed);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                Expire();
                return _images.Count;
            }
        }
    }

    /// <param name="key">Of the image's bytes.</param>
    /// <param name="features">By every encoder of the slot.</param>
    /// <param name="predicted">Which class was answered, by a number that does not change.</param>
    public void Offer(ContentKey key, EncoderFeatures[] features, int predicted)
    {
        lock (_gate)
        {
            Expire();
            if (_images.ContainsKey(key)) return;
            if (!_strata.TryGetValue(predicted, out var stratum)) _strata.Add(predicted, stratum = new Stratum());
            stratum.Offered++;
            if (stratum.Keys.Count >= limits.PerClass)
            {
                var place = _random.NextDouble() * stratum.Offered;
                if (place >= stratum.Keys.Count) return;
                Remove(stratum.Keys[(int)place]);
            }
            else if (_images.Count >= limits.Limit)
            {
                var largest = _strata.Values.MaxBy(s => s.Keys.Count)!;
                if (largest == stratum && _random.NextDouble() * stratum.Offered >= stratum.Keys.Count) return;
                Remove(largest.Keys[_random.Next(largest.Keys.Count)]);
            }
            _images.Add(key, new Image(features, stratum, stratum.Keys.Count, time.GetTimestamp()));
            stratum.Keys.Add(key);
            _ages.Enqueue((key, time.GetTimestamp()));
        }
    }

    /// <summary>A stretch of the images in order of content key; [rows, D] per encoder.</summary>
    public PoolChunk Read(int skip, int take)
    {
        if (take == 0) return new PoolChunk([], [], Count, []);
        KeyValuePair<ContentKey, Image>[] images;
        lock (_gate)
        {
            Expire();
            images = [.. _images];
        }
        var chunk = images.OrderBy(i => (i.Key.A, i.Key.B, i.Key.C, i.Key.D)).Skip(skip).Take(take).ToArray();
        var encoders = chunk.Length == 0 ? [] : chunk[0].Value.Features.Select((first, e) => first with { Values = Rows(e) }).ToArray();
        return new PoolChunk([.. chunk.Select(i => i.Key)], encoders, images.Length, [.. chunk.Select(i => i.Value.Stratum.Weight)]);

        byte[] Rows(int encoder) => FloatBytes.Concatenate([.. chunk.Select(i => i.Value.Features[encoder].Values)]);
    }

    private void Expire()
    {
        while (_ages.TryPeek(out var oldest))
        {
            // A place in the line may be of an image that was given up, or came again since.
            var isHeld = _images.TryGetValue(oldest.Key, out var image) && image.AddedAt == oldest.AddedAt;
            if (isHeld && time.GetElapsedTime(oldest.AddedAt) < limits.TimeToLive) return;
            _ages.Dequeue();
            if (!isHeld) continue;
            image!.Stratum.Offered -= image.Stratum.Weight;
            Remove(oldest.Key);
        }
    }

    private void Remove(ContentKey key)
    {
        var image = _images[key];
        _images.Remove(key);
        var keys = image.Stratum.Keys;
        var last = keys[^1];
        keys.RemoveAt(keys.Count - 1);
        if (last == key) return;
        keys[image.Place] = last;
        _images[last] = _images[last] with { Place = image.Place };
    }

    private sealed class Stratum
    {
        public List<ContentKey> Keys { get; } = [];

        /// <summary>Images that came and have not outlived their time.</summary>
        public double Offered { get; set; }

        /// <summary>How many of those each kept one stands for.</summary>
        public double Weight => Keys.Count == 0 ? 0 : Offered / Keys.Count;
    }

    /// <param name="Features">By every encoder.</param>
    /// <param name="Stratum">Where it belongs.</param>
    /// <param name="Place">Its index there.</param>
    /// <param name="AddedAt">Timestamp.</param>
    private sealed record Image(EncoderFeatures[] Features, Stratum Stratum, int Place, long AddedAt);
}
