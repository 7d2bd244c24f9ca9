namespace FewShotCluster.Vision.Imaging;

/// <summary>What a decoder accepts, checked from the header before any pixel memory is taken.</summary>
/// <param name="MaxBytes">Largest encoded image, bytes.</param>
/// <param name="MaxPixels">
/// Largest width x height; decoded pixels take four bytes each, so half a billion is the most that can be held.
/// </param>
public sealed record ImageLimits(long MaxBytes = 20_000_000, long MaxPixels = 50_000_000)
{
    /// <summary>20 MB and 50 million pixels.</summary>
    public static ImageLimits Default { get; } = new();

    /// <exception cref="ImageTooLargeException">More bytes than allowed.</exception>
    internal void CheckBytes(long bytes)
    {
        if (bytes > MaxBytes) throw new ImageTooLargeException($"image of {bytes} bytes, at most {MaxBytes} are accepted");
    }

    /// <exception cref="ImageTooLargeException">More pixels than allowed.</exception>
    internal void CheckPixels(long width, long height)
    {
        var allowed = Math.Min(MaxPixels, Array.MaxLength / RgbImage.BytesPerPixel);
        if (width * height > allowed)
            throw new ImageTooLargeException($"image of {width} x {height} pixels, at most {allowed} pixels are accepted");
    }
}
