using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace FewShotCluster.Vision.Encoders;

/// <summary>A device was named that this machine, or this build's libtorch, does not have.</summary>
public sealed class DeviceException(string message) : Exception(message);

/// <summary>Devices by name.</summary>
public static class TorchDevice
{
    /// <summary>The device of a name: <c>cpu</c>, <c>cpu:0</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    /// <exception cref="DeviceException">No such device here.</exception>
    public static Device Open(string name)
    {
        var parts = name.Split(':');
        var index = 0;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index)))
            throw new DeviceException($"'{name}' is no device: allowed are cpu:0 and cuda:N");
        if (parts[0] == "cpu" && index == 0) return CPU;
        if (parts[0] != "cuda") throw new DeviceException($"'{name}' is no device: allowed are cpu:0 and cuda:N");
        // Asked before the device is made: where CUDA is absent, making it fails without a type.
        if (!cuda.is_available() || index >= cuda.device_count())
            throw new DeviceException($"no device {name} here: use cpu:0, or a build with -p:TorchFlavor=cuda on a machine with that GPU");
        return device(DeviceType.CUDA, index);
    }
}
