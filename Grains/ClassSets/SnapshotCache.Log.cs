using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.ClassSets;

internal sealed partial class SnapshotCache
{
    [LoggerMessage(1111, LogLevel.Warning, "watching class set {ClassSet} was interrupted and goes on: {Reason}")]
    private static partial void LogWatchFailed(ILogger logger, string reason, string classSet);
}
