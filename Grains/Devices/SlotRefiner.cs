using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Devices;

/// <summary>The refiner backbone of one device slot: cache, single flight, decoding, queue.</summary>
internal sealed class SlotRefiner(
    DeviceWorker worker, DecodePool decoding, FewShotNodeOptions options, FewShotMetrics metrics, ServedRefiner backbone)
{
    private readonly FeatureCache<byte[]> _cache =
        new("refiner", options.RefinerCacheBytes, backbone.Info.Dimension * sizeof(float), metrics);

    public EncoderInfo Info => backbone.Info;

    public long CacheHits => _cache.Hits;

    public long CacheMisses => _cache.Misses;

    /// <summary>Pooled features of one image; null when they are not cached and no bytes were given.</summary>
    public async Task<RefinerFeatures?> Encode(ContentKey key, byte[]? image, CancellationToken cancellationToken)
    {
        var address = new FeatureKey(key, Info.Digest);
        if (_cache.TryGet(address, out var cached)) return new RefinerFeatures(Info, cached, true);
        if (image is null) return null;
        var features = await _cache.Compute(address, abandoned => Encode(image, 1, abandoned), cancellationToken);
        return new RefinerFeatures(Info, features, false);
    }

    /// <summary>Pooled features [views, D]: the image as it is, mirrored, shifted; the same for the same bytes.</summary>
    public async Task<RefinerFeatures> EncodeViews(byte[] image, int views, CancellationToken cancellationToken) =>
        new(Info, await Encode(image, views, cancellationToken), false);

    private async Task<byte[]> Encode(byte[] image, int views, CancellationToken cancellationToken)
    {
        var admitted = 0;
        IReadOnlyList<byte[]> planes;
        try
        {
            for (; admitted < views; admitted++) worker.Admit();
            planes = await decoding.Run(() => Preprocess(image, views), cancellationToken);
        }
        catch (Exception e)
        {
            for (; admitted > 0; admitted--) worker.Withdraw();
            throw VisionErrors.Translate(e, FewShotErrorCode.Internal);
        }
        // ToArray: all are queued before the first is awaited, so each admitted place is used.
        var work = planes.Select(view => worker.Enqueue(WorkKind.Refiner, [view], "", cancellationToken)).ToArray();
        var rows = await Task.WhenAll(work);
        return FloatBytes.Concatenate([.. rows.Select(row => FloatBytes.Finite(row[0], Info.Name))]);
    }

    private IReadOnlyList<byte[]> Preprocess(byte[] image, int views)
    {
        using var picture = ImageDecoder.Decode(image, options.Images);
        var planes = backbone.Network.Preprocess(picture);
        return views == 1 ? [planes] : PixelAugmentation.Views(planes, Info.Resolution, views, ContentKey.Of(image).A);
    }
}
