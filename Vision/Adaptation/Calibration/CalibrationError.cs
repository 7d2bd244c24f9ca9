namespace FewShotCluster.Vision.Adaptation.Calibration;

/// <summary>
/// Expected calibration error (Naeini et al., AAAI 2015): answers in bins of equal width by confidence; the mean over answers of how
/// far a bin's accuracy is from its mean confidence.
/// </summary>
public static class CalibrationError
{
    /// <param name="confidences">Probability of each answer's best class, 0 to 1.</param>
    /// <param name="correct">Whether it was right.</param>
    /// <param name="bins">Number of bins.</param>
    public static double Expected(IReadOnlyList<double> confidences, IReadOnlyList<bool> correct, int bins = 15)
    {
        Check.AtLeast(bins, 1, "bins");
        if (confidences.Count == 0 || confidences.Count != correct.Count)
            throw new AdaptationException($"{confidences.Count} confidences do not fit {correct.Count} outcomes");
        var (count, sum, right) = (new int[bins], new double[bins], new int[bins]);
        for (var i = 0; i < confidences.Count; i++)
        {
            if (!(confidences[i] >= 0 && confidences[i] <= 1)) throw new AdaptationException($"confidence {i} is {confidences[i]}");
            var bin = Math.Min(bins - 1, (int)(confidences[i] * bins));
            count[bin]++;
            sum[bin] += confidences[i];
            if (correct[i]) right[bin]++;
        }
        return Enumerable.Range(0, bins).Sum(bin => Math.Abs(sum[bin] - right[bin])) / confidences.Count;
    }
}
