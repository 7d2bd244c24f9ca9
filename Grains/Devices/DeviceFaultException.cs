using System.Runtime.InteropServices;

namespace FewShotCluster.Grains.Devices;

/// <summary>The device failed, not an item: its networks are not to be trusted until they are loaded anew.</summary>
internal sealed class DeviceFaultException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether a failed batch tells of a failed device: out of memory, or an error of native code (libtorch's arrive as ExternalException).</summary>
    public static bool IsFault(Exception failure) => failure is DeviceFaultException or ExternalException or OutOfMemoryException;

    public static DeviceFaultException Of(Exception failure) =>
        failure as DeviceFaultException ?? new DeviceFaultException($"{failure.GetType().Name}: {FirstLine(failure.Message)}", failure);

    /// <summary>The message proper: libtorch's carry its whole stack.</summary>
    public static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd();
}
