using FewShotCluster.GrainInterfaces.ClassSets;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.ClassSets;

internal sealed partial class ClassSetGrain
{
    [LoggerMessage(1101, LogLevel.Information, "class set {ClassSet}: version {Version} published, {Classes} classes: {Words}")]
    private static partial void LogPublished(ILogger logger, string classSet, long version, string words, int classes);

    [LoggerMessage(1102, LogLevel.Error, "class set {ClassSet}: version {Version} was not written, nothing was published")]
    private static partial void LogWriteFailed(ILogger logger, Exception exception, string classSet, long version);

    [LoggerMessage(1103, LogLevel.Information, "fit {Kind} of class set {ClassSet}: {State} after {Seconds} s: {Reason}")]
    private static partial void LogFitLeft(ILogger logger, FitKind kind, string classSet, FitState state, string reason, double seconds);

    [LoggerMessage(1104, LogLevel.Error, "fit {Kind} of class set {ClassSet} failed")]
    private static partial void LogFitFailed(ILogger logger, Exception exception, FitKind kind, string classSet);

    [LoggerMessage(1105, LogLevel.Warning, "class set {ClassSet}: whether a fit is due could not be found out")]
    private static partial void LogLookFailed(ILogger logger, Exception exception, string classSet);

    [LoggerMessage(1106, LogLevel.Information, "fit {Kind} of class set {ClassSet} begins anew: {Reason}")]
    private static partial void LogFitAgain(ILogger logger, FitKind kind, string classSet, string reason);
}
