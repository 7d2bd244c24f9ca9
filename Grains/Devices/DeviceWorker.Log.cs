using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Devices;

internal sealed partial class DeviceWorker
{
    [LoggerMessage(1001, LogLevel.Error, "device {Slot}: the models did not load")]
    private static partial void LogLoadFailed(ILogger logger, Exception exception, string slot);

    [LoggerMessage(1003, LogLevel.Error, "device {Slot} failed and is quarantined: {Reason}")]
    private static partial void LogFault(ILogger logger, Exception exception, string slot, string reason);

    [LoggerMessage(1004, LogLevel.Warning, "device {Slot} is back after its fault {Faults}")]
    private static partial void LogRestarted(ILogger logger, string slot, long faults);

    [LoggerMessage(1005, LogLevel.Error, "device {Slot} did not start again: {Reason}")]
    private static partial void LogRestartFailed(ILogger logger, Exception exception, string slot, string reason);

    [LoggerMessage(1006, LogLevel.Warning, "device {Slot}: the memory of its models could not be freed")]
    private static partial void LogReleaseFailed(ILogger logger, Exception exception, string slot);
}
