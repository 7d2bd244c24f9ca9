using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>The toy encoder and refiner as a device's models, kept at hand for the test.</summary>
internal sealed class ToyModels : IDeviceModelSource
{
    public ToyEncoder Encoder { get; init; } = new();

    public ToyRefiner? Refiner { get; init; } = new();

    /// <summary>A second encoder, where a test needs one.</summary>
    public ToyEncoder? Second { get; init; }

    public DeviceModels Load(string device) => new(
        [.. new[] { Encoder, Second }.OfType<ToyEncoder>().Select(encoder => new ServedEncoder(encoder.Name, encoder))],
        Refiner is null ? null : new ServedRefiner("toy-refiner", Refiner),
        "float32", "toy");
}
