using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.ClassSets.Archives;

/// <summary>The arrays that belong to a manifest, in the order of the file.</summary>
internal static class ArchiveLayout
{
    private const string Float = "<f4", Int = "<i4", Byte = "|u1";

    public static readonly string[] Matrices = ["text-proxies", "proxies", "gate-proxies", "probe-weights", "probe-bias", "probe-alpha"];

    public const string ShotClasses = "shots/classes", ShotKeys = "shots/keys", ShotViews = "shots/views";

    public const string RefinerWeights = "refiner/weights", RefinerBias = "refiner/bias";

    public static string OfEncoder(int encoder, string matrix) => $"encoders/{encoder}/{matrix}";

    public static string ShotFeatures(int encoder) => $"shots/features-{encoder}";

    public static ArchiveArray[] Of(ArchiveManifest manifest)
    {
        var arrays = new List<ArchiveArray>();
        for (var e = 0; e < manifest.Encoders.Length; e++)
        {
            var (encoder, d) = (manifest.Encoders[e], manifest.Encoders[e].Info.Dimension);
            int[][] shapes =
            [
                [manifest.Classes.Length, d], [encoder.FittedClasses.Length, d], [encoder.GateClasses.Length, d],
                [encoder.ProbeClasses.Length, d], [encoder.ProbeClasses.Length], [encoder.ProbeClasses.Length],
            ];
            arrays.AddRange(Matrices.Select((name, i) => new ArchiveArray(OfEncoder(e, name), Float, shapes[i])));
        }
        if (manifest.Refiner is { } head)
        {
            arrays.Add(new(RefinerWeights, Float, [head.Classes.Length, head.Backbone.Dimension]));
            arrays.Add(new(RefinerBias, Float, [head.Classes.Length]));
        }
        var shots = manifest.Shots.Sum(batch => batch.Count);
        arrays.Add(new(ShotClasses, Int, [shots]));
        arrays.Add(new(ShotKeys, Byte, [shots, 32]));
        for (var e = 0; e < manifest.Encoders.Length; e++)
            arrays.Add(new(ShotFeatures(e), Float, [shots, manifest.Encoders[e].Info.Dimension]));
        if (manifest.RefinerBackbone is { } backbone)
            arrays.Add(new(ShotViews, Float, [manifest.Shots.Sum(batch => checked(batch.ViewClasses.Length * batch.ViewsPerShot)), backbone.Dimension]));
        return [.. arrays];
    }
}
