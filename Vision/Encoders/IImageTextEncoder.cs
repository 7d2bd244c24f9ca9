using FewShotCluster.Vision.Imaging;

namespace FewShotCluster.Vision.Encoders;

/// <summary>A CLIP model on one device. Encoding happens on one thread at a time; preprocessing on any.</summary>
public interface IImageTextEncoder : IDisposable
{
    /// <summary>Identity of the outputs: features of another digest are not comparable.</summary>
    string Digest { get; }

    /// <summary>Feature size D.</summary>
    int Dimension { get; }

    /// <summary>The factor from cosines to logits.</summary>
    double LogitScale { get; }

    /// <summary>Input side R in pixels.</summary>
    int Resolution { get; }

    /// <summary>What <see cref="Preprocess"/> does, in words: encoders of the same take the same input, which need be made once.</summary>
    string Preprocessing => Digest;

    /// <summary>The encoder's input of a decoded picture: uint8 [3,R,R].</summary>
    byte[] Preprocess(RgbImage image);

    /// <summary>[N,D] rows of unit length, row-major.</summary>
    float[] EncodeImages(IReadOnlyList<byte[]> planes);

    /// <summary>[N,D] rows of unit length, row-major.</summary>
    float[] EncodeTexts(IReadOnlyList<string> texts);
}
