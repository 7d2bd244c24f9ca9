using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Classification;

/// <summary>
/// Features of one image from a device slot. To another process the key goes first and the bytes only on a miss; within this one
/// the bytes go at once, by reference.
/// </summary>
internal sealed class FeatureFetch(IGrainFactory grains, SlotRouter router)
{
    public RoutedSlot SlotOf(ContentKey key) => router.Route(key);

    public async Task<ImageFeatures> Encode(
        RoutedSlot slot, ContentKey key, byte[] image, string? learnFor, CancellationToken cancellationToken)
    {
        var encoder = grains.GetGrain<IEncoderGrain>(slot.Name);
        var features = slot.IsLocal ? null : await encoder.EncodeImage(key, null, learnFor, cancellationToken);
        return features ?? (await encoder.EncodeImage(key, image, learnFor, cancellationToken))!;
    }

    public async Task<RefinerFeatures> Refine(RoutedSlot slot, ContentKey key, byte[] image, CancellationToken cancellationToken)
    {
        var refiner = grains.GetGrain<IDogRefinerGrain>(slot.Name);
        var features = slot.IsLocal ? null : await refiner.Encode(key, null, cancellationToken);
        return features ?? (await refiner.Encode(key, image, cancellationToken))!;
    }
}
