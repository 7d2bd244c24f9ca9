namespace FewShotCluster.Grains.Devices;

/// <summary>The networks of one device.</summary>
/// <param name="Encoders">CLIP encoders, at least one.</param>
/// <param name="Refiner">The refiner backbone, if the node has one.</param>
/// <param name="Dtype">Number format of the weights on the device.</param>
public sealed record DeviceModels(IReadOnlyList<IImageTextEncoder> Encoders, IRefinerBackbone? Refiner, string Dtype) : IDisposable
{
    public void Dispose()
    {
        foreach (var encoder in Encoders) encoder.Dispose();
        Refiner?.Dispose();
    }
}

/// <summary>Loads the networks of a device; called once per device, on the device's own thread.</summary>
public interface IDeviceModelSource
{
    /// <param name="device"><c>cpu:0</c>, <c>cuda:0</c>, ...</param>
    DeviceModels Load(string device);
}
