using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Devices;

internal sealed partial class DeviceWorker
{
    [LoggerMessage(1001, LogLevel.Error, "device {Slot}: the models did not load")]
    private static partial void LogLoadFailed(ILogger logger, Exception exception, string slot);
}
