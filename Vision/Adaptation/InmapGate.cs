using System.Globalization;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// Whether a pool of unlabelled images can carry InMaP. Uniform Sinkhorn forces images into classes that are absent from the pool
/// (measured on real features: with half of the classes present it loses up to 8 points), so a fit on a small or lopsided pool must not
/// be served; text proxies are. A large pool that shows most classes may carry a fit of those alone, if the others stay with text.
/// </summary>
public static class InmapGate
{
    /// <summary>Images a class below which text proxies are as good on images outside the pool.</summary>
    public const int MinimumImagesPerClass = 8;

    /// <summary>Share of the classes that must seem present.</summary>
    public const double MinimumCoverage = 0.9;

    /// <summary>Images a class from which a pool of less coverage may carry a fit of the classes that it shows.</summary>
    public const int PartialImagesPerClass = 24;

    /// <summary>Share of the classes that must seem present for that.</summary>
    public const double PartialCoverage = 0.75;

    /// <summary>Share of the classes whose summed text label mass is at least half of N/C, an estimate of the share present.</summary>
    /// <param name="softLabels">[N,C]: each image's distribution over the classes by text (<see cref="Scores.SoftLabels"/>).</param>
    /// <exception cref="AdaptationException">Empty or not finite.</exception>
    public static double Coverage(Tensor softLabels)
    {
        var covered = Covered(softLabels);
        return covered.Count(isCovered => isCovered) / (double)covered.Length;
    }

    /// <summary>Which classes seem present: those whose summed text label mass is at least half of N/C; [C].</summary>
    /// <inheritdoc cref="Coverage" path="/param|/exception"/>
    public static bool[] Covered(Tensor softLabels)
    {
        using var scope = torch.NewDisposeScope();
        var labels = Check.Matrix(softLabels, "soft labels");
        var fairShare = (double)labels.shape[0] / labels.shape[1];
        var mass = labels.sum(dim: 0, type: torch.ScalarType.Float64);
        using var half = mass.Filled(fairShare / 2);
        return (mass >= half).cpu().data<bool>().ToArray();
    }

    /// <summary>Decides from the pool's size and coverage. Where labelled shots exist, a comparison on them should follow.</summary>
    /// <param name="images">N, the pool's images.</param>
    /// <param name="classes">C.</param>
    /// <param name="coverage">From <see cref="Coverage"/>.</param>
    public static InmapGateDecision Decide(long images, long classes, double coverage)
    {
        if (classes < 1) throw new AdaptationException("a class set without classes cannot be fitted");
        var needed = MinimumImagesPerClass * classes;
        if (images < needed)
            return new(false, coverage, $"text proxies: {images} unlabelled images, {classes} classes need {needed}");
        var seen = coverage.ToString("P0", CultureInfo.InvariantCulture);
        if (coverage >= MinimumCoverage)
            return new(true, coverage, $"vision proxies: {images} unlabelled images seem to show {seen} of {classes} classes");
        var neededForSome = PartialImagesPerClass * classes;
        if (coverage < PartialCoverage)
            return new(false, coverage, $"text proxies: the unlabelled images seem to show only {seen} of {classes} classes");
        return images < neededForSome
            ? new(false, coverage, $"text proxies: {images} unlabelled images seem to show only {seen} of {classes} classes; "
                + $"a fit of those needs {neededForSome}")
            : new(true, coverage, $"vision proxies of the classes shown: {images} unlabelled images seem to show {seen} of {classes} classes");
    }
}

/// <summary>Answer of <see cref="InmapGate"/>.</summary>
/// <param name="Serve">Whether vision proxies fitted on this pool may be served.</param>
/// <param name="Coverage">Estimated share of classes present, 0 to 1.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record InmapGateDecision(bool Serve, double Coverage, string Reason);
