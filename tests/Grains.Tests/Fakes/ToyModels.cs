using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>The toy encoder and refiner as a device's models, kept at hand for the test.</summary>
internal sealed class ToyModels : IDeviceModelSource
{
    public ToyEncoder Encoder { get; init; } = new();

    public ToyRefiner? Refiner { get; init; } = new();

    /// <summary>A second encoder, where a test needs one.</summary>
    public ToyEncoder? Second { get; init; }

    private int _loads;

    /// <summary>How often the models were loaded.</summary>
    public int Loads => Volatile.Read(ref _loads);

    /// <summary>Called with the number of each load; what it throws keeps the models from loading.</summary>
    public Action<int>? Loading { get; set; }

    public DeviceModels Load(string device)
    {
        var load = Interlocked.Increment(ref _loads);
        Loading?.Invoke(load);
        return Models();
    }

    private DeviceModels Models() => new(
        [.. new[] { Encoder, Second }.OfType<ToyEncoder>().Select(encoder => new ServedEncoder(encoder.Name, encoder))],
        Refiner is null ? null : new ServedRefiner("toy-refiner", Refiner),
        "float32", "toy");
}
