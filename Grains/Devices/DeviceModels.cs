using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Vision.Encoders;

namespace FewShotCluster.Grains.Devices;

/// <summary>A CLIP model under the name that class sets, metrics and answers know.</summary>
public sealed record ServedEncoder(string Name, IImageTextEncoder Network)
{
    public EncoderInfo Info { get; } = new(Name, Network.Digest, Network.Dimension, Network.LogitScale, Network.Resolution);
}

/// <summary>A refiner backbone under its name.</summary>
public sealed record ServedRefiner(string Name, IRefinerBackbone Network)
{
    public EncoderInfo Info { get; } = new(Name, Network.Digest, Network.Dimension, 1, Network.Resolution);
}

/// <summary>The networks of one device.</summary>
/// <param name="Encoders">CLIP encoders, at least one.</param>
/// <param name="Refiner">The refiner backbone, if the node has one.</param>
/// <param name="Dtype">Number format of weights and activations on the device.</param>
/// <param name="Kernels">What computes them, as in <c>onednn avx2</c>.</param>
public sealed record DeviceModels(IReadOnlyList<ServedEncoder> Encoders, ServedRefiner? Refiner, string Dtype, string Kernels) : IDisposable
{
    /// <summary>Makes one array of planes per encoder from an image's bytes, where that is not decoding and preprocessing (null models).</summary>
    public Func<byte[], byte[][]>? Prepare { get; init; }

    public void Dispose()
    {
        foreach (var encoder in Encoders) encoder.Network.Dispose();
        Refiner?.Network.Dispose();
    }
}

/// <summary>Loads the networks of a device; called once per device, on the device's own thread.</summary>
public interface IDeviceModelSource
{
    /// <param name="device"><c>cpu:0</c>, <c>cuda:0</c>, ...</param>
    DeviceModels Load(string device);
}
