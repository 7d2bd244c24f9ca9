using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Vision.Encoders;

/// <summary>A frozen refiner network on one device. Encoding happens on one thread at a time; preprocessing on any.</summary>
public interface IRefinerBackbone : IDisposable
{
    /// <summary>Identity of the outputs: features of another digest are not comparable.</summary>
    string Digest { get; }

    /// <summary>Feature size D.</summary>
    int Dimension { get; }

    /// <summary>Input side R in pixels.</summary>
    int Resolution { get; }

    /// <summary>The network's input of a decoded picture: uint8 [3,R,R].</summary>
    byte[] Preprocess(RgbImage image);

    /// <summary>Pooled features [N,D], row-major.</summary>
    float[] Encode(IReadOnlyList<byte[]> planes);
}
