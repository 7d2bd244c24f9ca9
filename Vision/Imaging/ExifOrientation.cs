using System.Runtime.InteropServices;

namespace FewShotCluster.Vision.Imaging;

/// <summary>Whether the orientation that a camera noted in the file turns the picture.</summary>
public enum ExifOrientation
{
    /// <summary>Pixels as stored: what CLIP's own preprocessing does.</summary>
    Ignore,

    /// <summary>Pixels as a viewer shows them.</summary>
    Apply,
}

/// <summary>The eight orientations of EXIF tag 0x0112.</summary>
internal static class Orientation
{
    /// <summary>Returns the picture upright; any number outside 2 to 8 leaves it as it is.</summary>
    public static RgbImage Apply(RgbImage image, int orientation)
    {
        if (orientation is < 2 or > 8) return image;
        var (width, height) = orientation >= 5 ? (image.Height, image.Width) : (image.Width, image.Height);
        var source = MemoryMarshal.Cast<byte, uint>(image.Rgbx);
        var bytes = new byte[image.Rgbx.Length];
        var target = MemoryMarshal.Cast<byte, uint>(bytes.AsSpan());
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var (right, bottom) = (width - 1 - x, height - 1 - y);
                var (fromX, fromY) = orientation switch
                {
                    2 => (right, y),
                    3 => (right, bottom),
                    4 => (x, bottom),
                    5 => (y, x),
                    6 => (y, right),
                    7 => (bottom, right),
                    _ => (bottom, x),
                };
                target[y * width + x] = source[fromY * image.Width + fromX];
            }
        return new RgbImage(width, height, bytes);
    }
}
