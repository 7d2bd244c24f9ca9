using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>A shot to encode.</summary>
internal readonly record struct IntakeItem(Shot Shot, int Class, ContentKey Key, bool WithViews);

/// <summary>A shot with its features, or why it has none.</summary>
internal sealed record EncodedShot(IntakeItem Item, EncoderFeatures[] Features, RefinerFeatures? Views, FailedInput? Failed);

/// <summary>Encodes labelled photos while their bytes are at hand: features of every encoder, and refiner views where asked.</summary>
internal sealed class ShotIntake(IGrainFactory grains, SlotRouter router, FewShotNodeOptions options)
{
    // Enough to fill batches, few enough to leave the queues to classification.
    private const int Concurrency = 4;

    public async Task<EncodedShot[]> Encode(IReadOnlyList<IntakeItem> items, CancellationToken cancellationToken)
    {
        var encoded = new EncodedShot[items.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, items.Count, parallel, async (i, token) => encoded[i] = await Encode(items[i], token));
        return encoded;
    }

    /// <summary>The batch of encoded shots; its bytes are left to the store: a fit reads them again when it needs them.</summary>
    public static ShotBatch Batch(ClassSetState state, EncodedShot[] shots, List<Block> blocks, out EncoderInfo? backbone)
    {
        var refined = shots.Where(shot => shot.Views is not null).ToArray();
        backbone = refined.FirstOrDefault()?.Views!.Encoder;
        if (state.RefinerBackbone is { } known && backbone is not null && known.Digest != backbone.Digest)
            throw ServedEncoders.Exchanged(known, state.ClassSetId);
        return new ShotBatch
        {
            Classes = [.. shots.Select(shot => shot.Item.Class)],
            Keys = [.. shots.Select(shot => shot.Item.Key)],
            Features =
            [
                .. state.Encoders.Select(encoder => Stored(
                    [.. shots.Select(shot => ServedEncoders.Own(shot.Features, encoder.Info, state.ClassSetId).Values)], blocks)),
            ],
            ViewClasses = [.. refined.Select(shot => shot.Item.Class)],
            ViewsPerShot = backbone is null ? 0 : refined[0].Views!.Values.Length / (backbone.Dimension * sizeof(float)),
            Views = Stored([.. refined.Select(shot => shot.Views!.Values)], blocks),
        };
    }

    /// <summary>Refuses a refiner family where there is no refiner: its shots could never be added.</summary>
    /// <exception cref="FewShotException">ModelUnavailable.</exception>
    public async Task CheckRefiner(string family)
    {
        try
        {
            await grains.GetGrain<IDogRefinerGrain>(router.Nearest().Name).GetInfo();
        }
        catch (FewShotException e) when (e.Code == FewShotErrorCode.ModelUnavailable)
        {
            throw new FewShotException(e.Code, $"the policy names '{family}' as the refiner's family, but {e.Message}; or name no family");
        }
    }

    private static StoredBytes Stored(byte[][] rows, List<Block> blocks) => StoredBytes.New(FloatBytes.Concatenate([.. rows]), blocks).Released();

    private async Task<EncodedShot> Encode(IntakeItem item, CancellationToken cancellationToken)
    {
        try
        {
            if (item.Shot.Image.Length > options.Images.MaxBytes)
                throw new FewShotException(
                    FewShotErrorCode.ImageTooLarge, $"{item.Shot.Image.Length} bytes, at most {options.Images.MaxBytes} are accepted");
            var slot = router.Route(item.Key).Name;
            var features = await grains.GetGrain<IEncoderGrain>(slot).EncodeImage(item.Key, item.Shot.Image, WorkOrigin.Writes, cancellationToken);
            var views = item.WithViews
                ? await grains.GetGrain<IDogRefinerGrain>(slot)
                    .EncodeViews(item.Shot.Image, options.RefinerViews, WorkOrigin.Writes, cancellationToken)
                : null;
            return new EncodedShot(item, features!.Encoders, views, null);
        }
        catch (FewShotException e) when (e.Code is FewShotErrorCode.InvalidImage or FewShotErrorCode.ImageTooLarge)
        {
            return new EncodedShot(item, [], null, new FailedInput(item.Shot.Source, e.Code, e.Message));
        }
    }
}
