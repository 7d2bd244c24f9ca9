using System.Collections.Concurrent;
using System.Text;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Devices;

/// <summary>The CLIP encoders of one device slot: caches, single flight, decoding, queue, pools.</summary>
internal sealed class SlotEncoders
{
    private readonly DeviceWorker _worker;
    private readonly DecodePool _decoding;
    private readonly FewShotNodeOptions _options;
    private readonly string _digest;
    private readonly FeatureCache<EncoderFeatures[]> _images;
    private readonly FeatureCache<EncoderFeatures[]> _texts;
    private readonly PoolLimits _limits;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, UnlabelledPool> _pools = new(StringComparer.Ordinal);

    public SlotEncoders(
        DeviceWorker worker,
        DecodePool decoding,
        FewShotNodeOptions options,
        FewShotMetrics metrics,
        TimeProvider time,
        IReadOnlyList<ServedEncoder> encoders)
    {
        _time = time;
        _limits = new PoolLimits(options.PoolLimit, options.PoolLimitPerClass, options.PoolTimeToLive);
        (_worker, _decoding, _options) = (worker, decoding, options);
        _digest = string.Join('+', encoders.Select(encoder => encoder.Info.Digest));
        var rowBytes = encoders.Sum(encoder => encoder.Info.Dimension * sizeof(float) + FeatureCache<EncoderFeatures[]>.RowOverheadBytes);
        _images = new("image", options.ImageCacheBytes, rowBytes, metrics);
        _texts = new("text", options.TextCacheBytes, rowBytes, metrics);
        Infos = [.. encoders.Select(encoder => encoder.Info)];
    }

    public IReadOnlyList<EncoderInfo> Infos { get; }

    public long CacheHits => _images.Hits + _texts.Hits;

    public long CacheMisses => _images.Misses + _texts.Misses;

    /// <summary>Cached features of one image, counted as a lookup if they are there.</summary>
    public ImageFeatures? Cached(ContentKey key) =>
        _images.TryGet(new FeatureKey(key, _digest), out var features) ? new ImageFeatures(features, true, _worker.Slot) : null;

    /// <summary>Features of one image; null when they are not cached and no bytes were given.</summary>
    public async Task<ImageFeatures?> EncodeImage(ContentKey key, byte[]? image, WorkOrigin origin, CancellationToken cancellationToken)
    {
        if (Cached(key) is { } cached) return cached;
        if (image is null) return null;
        var owner = _worker.Owner(origin);
        var features = await _images.Compute(
            new FeatureKey(key, _digest), abandoned => Encode(image, owner, abandoned), cancellationToken);
        return new ImageFeatures(features, false, _worker.Slot);
    }

    /// <summary>[texts, D] per encoder. At most one batch of it waits at a time, so that a long list leaves the queue to others.</summary>
    public async Task<TextFeatures> EncodeTexts(IReadOnlyList<string> texts, WorkOrigin origin, CancellationToken cancellationToken)
    {
        var owner = _worker.Owner(origin);
        var rows = new EncoderFeatures[texts.Count][];
        // Never more than the queue holds for one customer, or a list would refuse itself.
        var atOnce = Math.Min(_options.MaxBatch, WorkQueue.Share(_options.QueueLimit));
        for (var start = 0; start < texts.Count; start += atOnce)
        {
            var batch = texts.Skip(start).Take(atOnce).Select(text => EncodeText(text, owner, cancellationToken));
            (await Task.WhenAll(batch)).CopyTo(rows, start);
        }
        return new TextFeatures([.. Infos.Select((info, e) => new EncoderFeatures(info, Rows(e)))]);

        byte[] Rows(int encoder) => FloatBytes.Concatenate([.. rows.Select(row => row[encoder].Values)]);
    }

    /// <summary>Offers an image to a class set's pool, if its features are still cached.</summary>
    public void Learn(string classSetId, ContentKey key, int predicted)
    {
        if (_images.Peek(new FeatureKey(key, _digest)) is { } features) Pool(classSetId).Offer(key, features, predicted);
    }

    public PoolChunk ReadPool(string classSetId, int skip, int take) =>
        _pools.TryGetValue(classSetId, out var pool) ? pool.Read(skip, take) : new PoolChunk([], [], 0, []);

    private UnlabelledPool Pool(string classSetId) =>
        _pools.GetOrAdd(classSetId, id => new UnlabelledPool(_limits, StringComparer.Ordinal.GetHashCode(id), _time));

    private async Task<EncoderFeatures[]> Encode(byte[] image, WorkOwner owner, CancellationToken cancellationToken)
    {
        var work = _worker.Admit(WorkKind.Image, owner);
        byte[][] planes;
        try
        {
            planes = await _decoding.Run(() => Preprocess(image), cancellationToken);
        }
        catch (Exception e)
        {
            _worker.Withdraw(work);
            throw VisionErrors.Translate(e, FewShotErrorCode.Internal);
        }
        return Features(await _worker.Enqueue(work, planes, "", cancellationToken));
    }

    private byte[][] Preprocess(byte[] image)
    {
        var models = _worker.Models;
        if (models.Prepare is { } prepare) return prepare(image);
        using var picture = ImageDecoder.Decode(image, _options.Images);
        var made = new Dictionary<string, byte[]>();
        return [.. models.Encoders.Select(encoder => made.TryGetValue(encoder.Network.Preprocessing, out var planes)
            ? planes
            : made[encoder.Network.Preprocessing] = encoder.Network.Preprocess(picture))];
    }

    private async Task<EncoderFeatures[]> EncodeText(string text, WorkOwner owner, CancellationToken cancellationToken)
    {
        var address = new FeatureKey(ContentKey.Of(Encoding.UTF8.GetBytes(text)), _digest);
        if (_texts.TryGet(address, out var cached)) return cached;
        return await _texts.Compute(address, Encode, cancellationToken);

        async Task<EncoderFeatures[]> Encode(CancellationToken abandoned)
        {
            var work = _worker.Admit(WorkKind.Text, owner);
            return Features(await _worker.Enqueue(work, [], text, abandoned));
        }
    }

    private EncoderFeatures[] Features(float[][] rows) =>
        [.. Infos.Select((info, e) => new EncoderFeatures(info, FloatBytes.Finite(rows[e], info.Name)))];
}
