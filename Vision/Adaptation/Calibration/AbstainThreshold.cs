namespace FewShotCluster.Vision.Adaptation.Calibration;

/// <summary>The confidence below which an answer is better withheld, from answers to held-out labelled images.</summary>
public static class AbstainThreshold
{
    /// <summary>Withholds about that share of the answers: those of least confidence.</summary>
    /// <param name="confidences">Probability of each answer's best class; at least one.</param>
    /// <param name="share">0 to 1.</param>
    /// <returns>Answers of a lower confidence are withheld.</returns>
    public static double ForShare(IReadOnlyList<double> confidences, double share)
    {
        if (confidences.Count == 0) throw new AdaptationException("no answers to choose a threshold from");
        if (!(share >= 0 && share <= 1)) throw new AdaptationException($"share must lie in [0, 1], not {share}");
        var sorted = confidences.Order().ToArray();
        return share >= 1 ? Math.BitIncrement(sorted[^1]) : sorted[(int)(share * sorted.Length)];
    }
}
