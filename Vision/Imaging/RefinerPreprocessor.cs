namespace FewShotCluster.Vision.Imaging;

/// <summary>The refiner's test-time preprocessing: the whole picture squashed to a square (bilinear), ImageNet statistics.</summary>
/// <param name="size">Side of the encoder's input, pixels; ConvNeXt-V2's fine-tuning used 384.</param>
/// <param name="normalization">Statistics; ImageNet's if null.</param>
public sealed class RefinerPreprocessor(int size = 384, PixelNormalization? normalization = null)
    : ImagePreprocessor(size, normalization ?? PixelNormalization.ImageNet)
{
    /// <summary>Both sides to <see cref="ImagePreprocessor.Size"/>; the proportions are not kept.</summary>
    public override RgbImage Resize(RgbImage image) => PillowResampler.Resize(image, Size, Size, ResampleFilter.Bilinear);
}
