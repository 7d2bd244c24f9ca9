namespace FewShotCluster.Vision.Imaging;

/// <summary>Brings pictures of any size to the square input of an encoder. Thread safe.</summary>
public abstract class ImagePreprocessor
{
    /// <summary>Sets the size of the square, in pixels, and the statistics to normalise with.</summary>
    private protected ImagePreprocessor(int size, PixelNormalization normalization)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        (Size, Normalization) = (size, normalization);
    }

    /// <summary>Side of the square, pixels.</summary>
    public int Size { get; }

    /// <summary>What <see cref="Write"/> normalises with.</summary>
    public PixelNormalization Normalization { get; }

    /// <summary>Values of one picture: 3 x <see cref="Size"/> x <see cref="Size"/>.</summary>
    public int Length => 3 * Size * Size;

    /// <summary>The picture resized (and cropped) to <see cref="Size"/> x <see cref="Size"/>, before normalisation.</summary>
    public abstract RgbImage Resize(RgbImage image);

    /// <summary>The resized picture as a new uint8 array [3, Size, Size].</summary>
    public byte[] ToPlanes(RgbImage image) => Resize(image).ToPlanes();

    /// <summary>Resizes, normalises and writes float32 [3, Size, Size] into <paramref name="planes"/>.</summary>
    /// <exception cref="ArgumentException">The span's length is not <see cref="Length"/>.</exception>
    public void Write(RgbImage image, Span<float> planes) => Normalization.Normalize(Resize(image), planes);
}
