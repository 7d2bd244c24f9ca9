using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// The refiner's views of a shot, on 8-bit pixels before normalisation: as it is, mirrored, then shifted by up to a sixteenth of the
/// side with the edge repeated, half of them mirrored.
/// </summary>
public static class PixelAugmentation
{
    /// <summary>Makes views of one image; the same seed gives the same views everywhere.</summary>
    /// <param name="planes">[3,size,size] bytes: red, green and blue planes. Left as they are.</param>
    /// <param name="size">Side in pixels.</param>
    /// <param name="count">Number of views, at least 1.</param>
    /// <param name="seed">Seed of the shifts; use another for each image, for example its content's hash.</param>
    /// <returns><paramref name="count"/> fresh arrays of the input's shape.</returns>
    /// <exception cref="AdaptationException">The array's length is not 3 size size, or no view is asked for.</exception>
    public static IReadOnlyList<byte[]> Views(byte[] planes, int size, int count, ulong seed)
    {
        Check.AtLeast(size, 1, "size");
        Check.AtLeast(count, 1, "count");
        if (planes.Length != 3L * size * size)
            throw new AdaptationException($"{planes.Length} bytes are not three planes of {size}x{size} pixels");
        var random = new SplitMix64(seed);
        var reach = size / 16;
        var views = new List<byte[]>(count) { planes.ToArray() };
        if (count > 1) views.Add(Shift(planes, size, 0, 0, mirrored: true));
        while (views.Count < count)
        {
            var (down, right) = (random.Below(2 * reach + 1) - reach, random.Below(2 * reach + 1) - reach);
            views.Add(Shift(planes, size, down, right, mirrored: random.Below(2) == 1));
        }
        return views;
    }

    /// <summary>Moves the picture, then mirrors it; pixels from outside are the nearest edge's.</summary>
    private static byte[] Shift(byte[] planes, int size, int down, int right, bool mirrored)
    {
        var result = new byte[planes.Length];
        for (var plane = 0; plane < 3; plane++)
            for (var y = 0; y < size; y++)
            {
                var from = (plane * size + Math.Clamp(y - down, 0, size - 1)) * size;
                var to = (plane * size + y) * size;
                for (var x = 0; x < size; x++)
                    result[to + (mirrored ? size - 1 - x : x)] = planes[from + Math.Clamp(x - right, 0, size - 1)];
            }
        return result;
    }
}
