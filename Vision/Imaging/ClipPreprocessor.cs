namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// CLIP's test-time preprocessing (openai/CLIP, clip.py: Resize bicubic, CenterCrop, ToTensor, Normalize) on the picture's RGB pixels.
/// It converts to RGB before resizing, which differs from clip.py for palette, alpha and CMYK files only.
/// </summary>
/// <param name="size">Side of the encoder's input, pixels.</param>
/// <param name="normalization">Statistics; CLIP's own if null.</param>
public sealed class ClipPreprocessor(int size, PixelNormalization? normalization = null)
    : ImagePreprocessor(size, normalization ?? PixelNormalization.Clip)
{
    /// <summary>Short side to <see cref="ImagePreprocessor.Size"/> (bicubic), then the central square.</summary>
    public override RgbImage Resize(RgbImage image)
    {
        var width = image.Width <= image.Height ? Size : Scaled(image.Width, image.Height);
        var height = image.Width <= image.Height ? Scaled(image.Height, image.Width) : Size;
        // torchvision rounds the margin half to even, as Math.Round does.
        var (left, top) = ((long)Math.Round((width - Size) / 2.0), (long)Math.Round((height - Size) / 2.0));
        return PillowResampler.Resize(image, width, height, left, top, Size, Size, ResampleFilter.Bicubic);
    }

    private long Scaled(int longSide, int shortSide) => (long)((double)Size * longSide / shortSide);
}
