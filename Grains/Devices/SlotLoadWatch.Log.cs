using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Devices;

internal sealed partial class SlotLoadWatch
{
    [LoggerMessage(1003, LogLevel.Debug, "slot {Slot} did not say how busy it is: {Reason}")]
    private static partial void LogNoAnswer(ILogger logger, string reason, string slot);
}
