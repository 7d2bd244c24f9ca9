using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Grains.Devices;

/// <summary>One CLIP model on one device. Encoding happens on the device's thread only; preprocessing on any thread.</summary>
public interface IImageTextEncoder : IDisposable
{
    /// <summary>Name, digest, feature size.</summary>
    EncoderInfo Info { get; }

    /// <summary>Pixels [3,R,R] as bytes; R is the encoder's resolution.</summary>
    byte[] Preprocess(RgbImage image);

    /// <summary>[N,D] rows of unit length.</summary>
    float[] EncodeImages(IReadOnlyList<byte[]> planes);

    /// <summary>[N,D] rows of unit length.</summary>
    float[] EncodeTexts(IReadOnlyList<string> texts);
}
