using FewShotCluster.Vision.Adaptation;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>
/// When the proxies of a set are worth another fit: enough images for any, and since the last attempt a class changed, the pool grew
/// by a quarter or to what InMaP needs, or an hour passed while images came. A refused attempt counts, so that a gate is not asked at
/// every image.
/// </summary>
internal sealed class RefitTrigger(TimeProvider time)
{
    private const double Growth = 1.25;
    private static readonly TimeSpan Age = TimeSpan.FromHours(1);

    private (int Images, int Classes, long At)? _last;

    /// <summary>Why a fit is due, in words; null: it is not.</summary>
    /// <param name="images">In the pool.</param>
    /// <param name="classes">In the set.</param>
    /// <param name="rules">Of its fits.</param>
    public string? Due(int images, int classes, ProxyRules rules)
    {
        if (classes == 0 || images < (long)rules.OnZetaImagesPerClass * classes) return null;
        if (_last is not { } last) return "first fit";
        if (classes != last.Classes) return "classes changed";
        if (images >= Growth * last.Images) return "the pool has grown";
        var inmap = (long)InmapGate.MinimumImagesPerClass * classes;
        if (last.Images < inmap && images >= inmap) return "enough images for InMaP";
        return images != last.Images && time.GetElapsedTime(last.At) >= Age ? "the last fit is old" : null;
    }

    public void Attempted(int images, int classes) => _last = (images, classes, time.GetTimestamp());
}
