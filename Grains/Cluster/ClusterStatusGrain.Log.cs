using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Cluster;

internal sealed partial class ClusterStatusGrain
{
    [LoggerMessage(1201, LogLevel.Warning, "slot {Slot} is left out of the status: {Reason}")]
    private static partial void LogNoAnswer(ILogger logger, string reason, string slot);

    [LoggerMessage(1202, LogLevel.Warning, "the status lists no class sets: {Reason}")]
    private static partial void LogNoList(ILogger logger, string reason);
}
