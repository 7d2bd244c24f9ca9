namespace FewShotCluster.Cli.Batches;

/// <summary>Accuracy on some photos, 0 to 1; null where there are none.</summary>
internal sealed record Accuracy(int Images, double? Top1, double? Top5)
{
    /// <param name="ranks">Of each photo, the place of its label in the answer: 0 is best, negative is nowhere.</param>
    public static Accuracy Of(IReadOnlyCollection<int> ranks) => new(ranks.Count, Within(ranks, 1), Within(ranks, 5));

    /// <summary>The harmonic mean of two accuracies: high only when both are. Null where one is missing.</summary>
    public static double? HarmonicMean(double? first, double? second) => first + second == 0 ? 0 : 2 * first * second / (first + second);

    private static double? Within(IReadOnlyCollection<int> ranks, int top) =>
        ranks.Count == 0 ? null : (double)ranks.Count(rank => rank >= 0 && rank < top) / ranks.Count;
}
