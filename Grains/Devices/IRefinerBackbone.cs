using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Devices;

/// <summary>The frozen refiner network of one device. Encoding happens on the device's thread only; the rest on any thread.</summary>
public interface IRefinerBackbone : IDisposable
{
    /// <summary>Name, digest, feature size; logit scale 1.</summary>
    EncoderInfo Info { get; }

    /// <summary>Pixels [3,R,R] as bytes; R is the backbone's resolution.</summary>
    byte[] Preprocess(RgbImage image);

    /// <summary>[N,D] pooled features, not normalised.</summary>
    float[] Encode(IReadOnlyList<byte[]> planes);
}
