using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.ClassSets;

internal sealed partial class SnapshotCache
{
    [LoggerMessage(1111, LogLevel.Warning, "watching class set {ClassSet} was interrupted and goes on: {Reason}")]
    private static partial void LogWatchFailed(ILogger logger, string reason, string classSet);

    [LoggerMessage(1112, LogLevel.Error, "the steps from version {Version} of class set {ClassSet} led elsewhere: the whole is fetched")]
    private static partial void LogDeltaFailed(ILogger logger, string classSet, long version);
}
