using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// Pillow's antialiased resampling of 8-bit images, equal to it bit for bit (libImaging/Resample.c): columns first, then rows, each
/// rounded to 8 bits. Only the requested window of the result is computed.
/// </summary>
public static class PillowResampler
{
    private const int Half = 1 << (ResampleWeights.Precision - 1);

    /// <summary>Resizes the whole picture.</summary>
    public static RgbImage Resize(RgbImage image, int width, int height, ResampleFilter filter) =>
        Resize(image, width, height, 0, 0, width, height, filter);

    /// <summary>
    /// The window of <paramref name="windowWidth"/> x <paramref name="windowHeight"/> at (<paramref name="left"/>,
    /// <paramref name="top"/>) of the picture resized to <paramref name="width"/> x <paramref name="height"/>.
    /// </summary>
    /// <returns>A new image of the window's size.</returns>
    public static RgbImage Resize(
        RgbImage image, long width, long height, long left, long top, int windowWidth, int windowHeight, ResampleFilter filter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(left + windowWidth, width);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(top + windowHeight, height);

        var result = new byte[(long)windowWidth * windowHeight * RgbImage.BytesPerPixel];
        // As in Pillow, an axis that keeps its size is copied.
        var rows = height == image.Height ? null : ResampleWeights.Create(image.Height, height, top, windowHeight, filter);
        var columns = width == image.Width ? null : ResampleWeights.Create(image.Width, width, left, windowWidth, filter);
        var firstRow = rows is null ? (int)top : rows.First[0];
        var rowCount = rows is null ? windowHeight : rows.First[^1] + rows.Count[^1] - firstRow;
        var rowBytes = windowWidth * RgbImage.BytesPerPixel;

        // Rows of the source inside the window's reach, already resampled across.
        var across = ArrayPool<byte>.Shared.Rent(checked(rowCount * rowBytes));
        try
        {
            var source = image.Rgbx;
            for (var y = 0; y < rowCount; y++)
            {
                var from = source.Slice((firstRow + y) * image.Width * RgbImage.BytesPerPixel, image.Width * RgbImage.BytesPerPixel);
                var to = across.AsSpan(y * rowBytes, rowBytes);
                if (columns is null) from.Slice((int)left * RgbImage.BytesPerPixel, rowBytes).CopyTo(to);
                else ResampleRow(from, to, columns);
            }
            for (var y = 0; y < windowHeight; y++)
            {
                var to = result.AsSpan(y * rowBytes, rowBytes);
                if (rows is null) across.AsSpan(y * rowBytes, rowBytes).CopyTo(to);
                else MixRows(across.AsSpan((rows.First[y] - firstRow) * rowBytes), to, rows.Values.AsSpan(y * rows.Stride, rows.Count[y]));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(across);
        }
        return new RgbImage(windowWidth, windowHeight, result);
    }

    /// <summary>One row across: the four bytes of a pixel are the lanes of a vector, two taps at a time.</summary>
    private static void ResampleRow(ReadOnlySpan<byte> source, Span<byte> target, ResampleWeights weights)
    {
        var results = MemoryMarshal.Cast<byte, uint>(target);
        for (var x = 0; x < results.Length; x++)
        {
            var taps = weights.Values.AsSpan(x * weights.Stride, weights.Count[x]);
            // Slicing checks once that all taps lie inside the row.
            var window = source.Slice(weights.First[x] * RgbImage.BytesPerPixel, taps.Length * RgbImage.BytesPerPixel);
            ref var first = ref MemoryMarshal.GetReference(window);
            var sums = Vector128.Create(Half);
            var pairs = Vector256<int>.Zero;
            var i = 0;
            for (; i + 1 < taps.Length; i += 2)
            {
                var two = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref first, i * RgbImage.BytesPerPixel));
                var (low, high) = Vector128.Widen(Vector128.WidenLower(Vector128.CreateScalarUnsafe(two).AsByte()));
                var pair = Vector256.Create(Vector128.Create(taps[i]), Vector128.Create(taps[i + 1]));
                pairs += Vector256.Create(low.AsInt32(), high.AsInt32()) * pair;
            }
            if (i < taps.Length)
            {
                var one = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref first, i * RgbImage.BytesPerPixel));
                var lanes = Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(one).AsByte()));
                sums += lanes.AsInt32() * Vector128.Create(taps[i]);
            }
            var rounded = Clip8(sums + pairs.GetLower() + pairs.GetUpper());
            results[x] = Vector128.Narrow(Vector128.Narrow(rounded, rounded), Vector128<ushort>.Zero).AsUInt32().ToScalar();
        }
    }

    /// <summary>One output row as the weighted sum of the rows that <paramref name="source"/> begins with.</summary>
    private static void MixRows(ReadOnlySpan<byte> source, Span<byte> target, ReadOnlySpan<int> taps)
    {
        source = source[..(taps.Length * target.Length)];
        ref var bytes = ref MemoryMarshal.GetReference(source);
        var x = 0;
        for (; x + Vector128<byte>.Count <= target.Length; x += Vector128<byte>.Count)
        {
            var low = Vector256.Create(Half);
            var high = low;
            for (var i = 0; i < taps.Length; i++)
            {
                var sixteen = Vector128.LoadUnsafe(ref bytes, (nuint)(i * target.Length + x));
                var (lower, upper) = Vector256.Widen(Vector256.WidenLower(sixteen.ToVector256Unsafe()));
                var weight = Vector256.Create(taps[i]);
                low += lower.AsInt32() * weight;
                high += upper.AsInt32() * weight;
            }
            var words = Vector256.Narrow(Clip8(low), Clip8(high));
            Vector128.Narrow(words.GetLower(), words.GetUpper()).CopyTo(target[x..]);
        }
        for (; x < target.Length; x++)
        {
            var sum = Half;
            for (var i = 0; i < taps.Length; i++) sum += source[i * target.Length + x] * taps[i];
            target[x] = (byte)Math.Clamp(sum >> ResampleWeights.Precision, 0, 255);
        }
    }

    private static Vector128<uint> Clip8(Vector128<int> sum) =>
        Vector128.Min(Vector128.Max(sum >> ResampleWeights.Precision, Vector128<int>.Zero), Vector128.Create(255)).AsUInt32();

    private static Vector256<uint> Clip8(Vector256<int> sum) =>
        Vector256.Min(Vector256.Max(sum >> ResampleWeights.Precision, Vector256<int>.Zero), Vector256.Create(255)).AsUInt32();
}
