using System.Numerics.Tensors;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Adaptation;

/// <summary>Candidate proxies, text and what is served now on labelled images that none of them was fitted to; shares right, 0 to 1.</summary>
/// <param name="Images">Labelled images.</param>
/// <param name="Text">By text alone.</param>
/// <param name="Candidate">By the candidate.</param>
/// <param name="Served">By what is served; text's where nothing is fitted.</param>
/// <param name="Gained">Images that the candidate has right and what is served has wrong.</param>
/// <param name="Lost">The other way round.</param>
internal sealed record ShadowTest(int Images, double Text, double Candidate, double Served, int Gained, int Lost)
{
    /// <summary>
    /// Whether the candidate is worse than what is served by more than chance (twice the deviation of a fair coin): a refit with new
    /// names in it must not fail over a photo or two.
    /// </summary>
    public bool IsWorseThanServed => Lost - Gained > 2 * Math.Sqrt(Lost + Gained);

    /// <param name="problem">Its labelled images and text proxies.</param>
    /// <param name="candidate">One per encoder.</param>
    public static ShadowTest? Run(ProxyProblem problem, ServedProxies[] candidate)
    {
        if (problem.Shots is not { Labels.Length: > 0 } shots) return null;
        var served = problem.Encoders.All(e => e.Served is not null) ? problem.Encoders.Select(e => e.Served!).ToArray() : null;
        var (text, byCandidate, byServed, gained, lost) = (0, 0, 0, 0, 0);
        for (var image = 0; image < shots.Labels.Length; image++)
        {
            var textScores = Score(problem, image, e => problem.Encoders[e].Text, problem.Classes);
            var best = TensorPrimitives.IndexOfMax<float>(textScores);
            var label = shots.Labels[image];
            if (best == label) text++;
            var candidateIsRight = Best(problem, image, best, candidate) == label;
            var servedIsRight = (served is null ? best : Best(problem, image, best, served)) == label;
            if (candidateIsRight) byCandidate++;
            if (servedIsRight) byServed++;
            if (candidateIsRight && !servedIsRight) gained++;
            if (servedIsRight && !candidateIsRight) lost++;
        }
        double Share(int right) => (double)right / shots.Labels.Length;
        return new(shots.Labels.Length, Share(text), Share(byCandidate), Share(byServed), gained, lost);
    }

    /// <summary>The answer of the cascade's gate: text decides between fitted and other classes, the proxies among the fitted ones.</summary>
    private static int Best(ProxyProblem problem, int image, int textBest, ServedProxies[] proxies)
    {
        var fitted = proxies[0].Classes;
        if (Array.IndexOf(fitted, textBest) < 0) return textBest;
        return fitted[TensorPrimitives.IndexOfMax<float>(Score(problem, image, e => proxies[e].Values, fitted.Length))];
    }

    private static float[] Score(ProxyProblem problem, int image, Func<int, MatrixBytes> matrix, int rows)
    {
        var scores = new float[rows];
        for (var e = 0; e < problem.Encoders.Length; e++)
        {
            var encoder = problem.Encoders[e];
            var features = problem.Shots!.Features[e].AsFloats().Slice(image * encoder.Dimension, encoder.Dimension);
            var proxies = matrix(e).AsFloats();
            var weight = (float)(encoder.Share * encoder.LogitScale);
            for (var row = 0; row < rows; row++)
                scores[row] += weight * TensorPrimitives.Dot(proxies.Slice(row * encoder.Dimension, encoder.Dimension), features);
        }
        return scores;
    }
}
