namespace FewShotCluster.Silo.Commands.Downloads;

/// <summary>When a download gives up.</summary>
/// <param name="Retries">Attempts in a row that may bring not one new byte.</param>
/// <param name="Stall">Time without a byte after which an attempt counts as lost.</param>
/// <param name="FirstDelay">Wait before the first retry; later ones are longer, all are jittered.</param>
internal sealed record DownloadLimits(int Retries, TimeSpan Stall, TimeSpan FirstDelay)
{
    public static DownloadLimits Default { get; } = new(Retries: 5, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));
}
