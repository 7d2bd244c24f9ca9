using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>The toy encoder and refiner as a device's models, kept at hand for the test.</summary>
internal sealed class ToyModels : IDeviceModelSource
{
    public ToyEncoder Encoder { get; init; } = new();

    public ToyRefiner? Refiner { get; init; } = new();

    public DeviceModels Load(string device) => new([Encoder], Refiner, "float32");
}
