namespace FewShotCluster.Vision.Adaptation;

/// <summary>Cosine annealing, <c>min + (max - min) (1 + cos(pi t / period)) / 2</c>; beyond the period the rate climbs back.</summary>
internal static class CosineSchedule
{
    public static double Rate(double maximum, double minimum, int time, int period) =>
        minimum + (maximum - minimum) * (1 + Math.Cos(Math.PI * time / period)) / 2;

    /// <summary>
    /// As jittor's scheduler (the seed's) counts: the first two epochs run at the full rate and the schedule lags one epoch behind.
    /// </summary>
    public static double JittorRate(double maximum, double minimum, int epoch, int period) =>
        Rate(maximum, minimum, Math.Max(0, epoch - 1), period);
}
