namespace FewShotCluster.Grains.Devices;

/// <summary>
/// Runs every batch size through every network before a device takes work: kernels are compiled and memory is reserved then, and the batch
/// times are known. Sizes grow for all kinds together; a kind stops growing where its next batch would not fit in the time left.
/// </summary>
internal static class WarmUp
{
    public static void Run(DeviceModels models, BatchTimes times, TimeSpan budget, TimeProvider time)
    {
        var start = time.GetTimestamp();
        List<WorkKind> kinds = models.Refiner is null ? [WorkKind.Image, WorkKind.Text] : [WorkKind.Image, WorkKind.Text, WorkKind.Refiner];
        foreach (var size in times.Buckets)
        {
            kinds.RemoveAll(kind => time.GetElapsedTime(start).TotalSeconds + 2 * times.Of(kind, size) >= budget.TotalSeconds);
            foreach (var kind in kinds)
            {
                // The first run makes what the second is measured with.
                Encode(models, kind, size);
                var measured = time.GetTimestamp();
                Encode(models, kind, size);
                times.Record(kind, size, time.GetElapsedTime(measured).TotalSeconds);
            }
        }
    }

    private static void Encode(DeviceModels models, WorkKind kind, int size)
    {
        if (kind == WorkKind.Refiner)
        {
            models.Refiner!.Network.Encode(Blank(models.Refiner.Network.Resolution, size));
            return;
        }
        foreach (var encoder in models.Encoders)
        {
            if (kind == WorkKind.Image) encoder.Network.EncodeImages(Blank(encoder.Network.Resolution, size));
            else encoder.Network.EncodeTexts([.. Enumerable.Repeat("a photo of a thing.", size)]);
        }
    }

    private static byte[][] Blank(int resolution, int size) => [.. Enumerable.Repeat(new byte[3 * resolution * resolution], size)];
}
