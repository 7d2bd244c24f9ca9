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
    DeviceWorker worker, DecodePool decoding, FewShotNodeOptions options, FewShotMetrics metrics, EncoderInfo info)
{
    private readonly FeatureCache<byte[]> _cache =
        new("refiner", options.RefinerCacheBytes, info.Dimension * sizeof(float), metrics);

    public EncoderInfo Info => info;

    public long CacheHits => _cache.Hits;

    public long CacheMisses => _cache.Misses;

    /// <summary>Pooled features of one image; null when they are not cached and no bytes were given.</summary>
    public async Task<RefinerFeatures?> Encode(ContentKey key, byte[]? image, WorkOrigin origin, CancellationToken cancellationToken)
    {
        var address = new FeatureKey(key, Info.Digest);
        if (_cache.TryGet(address, out var cached)) return new RefinerFeatures(Info, cached, true);
        if (image is null) return null;
        var owner = worker.Owner(origin);
        var features = await _cache.Compute(address, abandoned => Encode(image, 1, owner, abandoned), cancellationToken);
        return new RefinerFeatures(Info, features, false);
    }

    /// <summary>Pooled features [views, D]: the image as it is, mirrored, shifted; the same for the same bytes.</summary>
    public async Task<RefinerFeatures> EncodeViews(byte[] image, int views, WorkOrigin origin, CancellationToken cancellationToken) =>
        new(Info, await Encode(image, views, worker.Owner(origin), cancellationToken), false);

    private async Task<byte[]> Encode(byte[] image, int views, WorkOwner owner, CancellationToken cancellationToken)
    {
        var admitted = new List<DeviceWork>(views);
        IReadOnlyList<byte[]> planes;
        try
        {
            while (admitted.Count < views) admitted.Add(worker.Admit(WorkKind.Refiner, owner));
            planes = await decoding.Run(() => Preprocess(image, views), cancellationToken);
        }
        catch (Exception e)
        {
            foreach (var work in admitted) worker.Withdraw(work);
            throw VisionErrors.Translate(e, FewShotErrorCode.Internal);
        }
        // All are queued before the first is awaited, so each admitted place is used.
        var rows = await Task.WhenAll(planes.Select((view, i) => Enqueue(admitted[i], view, cancellationToken)).ToArray());
        return FloatBytes.Concatenate([.. rows.Select(row => FloatBytes.Finite(row[0], Info.Name))]);
    }

    // Async, so that a refusal is one of the tasks and does not keep the views behind it from giving their places back.
    private async Task<float[][]> Enqueue(DeviceWork work, byte[] view, CancellationToken cancellationToken) =>
        await worker.Enqueue(work, [view], "", cancellationToken);

    private IReadOnlyList<byte[]> Preprocess(byte[] image, int views)
    {
        var models = worker.Models;
        if (models.Prepare is { } prepare) return [.. Enumerable.Repeat(prepare(image)[0], views)];
        using var picture = ImageDecoder.Decode(image, options.Images);
        var planes = models.Refiner!.Network.Preprocess(picture);
        return views == 1 ? [planes] : PixelAugmentation.Views(planes, Info.Resolution, views, ContentKey.Of(image).A);
    }
}
