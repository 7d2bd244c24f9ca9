using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Classification;

internal sealed partial class ClassificationGrain
{
    [LoggerMessage(1301, LogLevel.Error, "a classification by class set {ClassSet} failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string classSet);
}
