using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// A decoded picture: 8-bit RGB, rows from the top, held as four bytes a pixel (R, G, B, unused) because that is what decoders write
/// and vector code reads fastest. A decoded picture's memory is pooled, as fresh pages cost a quarter of a large JPEG's decoding:
/// whoever is done with one may dispose it; one that is not disposed is collected.
/// </summary>
public sealed class RgbImage : IDisposable
{
    internal const int BytesPerPixel = 4;

    private const int PixelsAtOnce = 4;
    private static readonly Vector128<byte> ByChannel = Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);

    // 16 million pixels. The pool keeps arrays for each thread, and the few larger pictures gain little.
    private const int LargestPooled = 64 << 20;

    private byte[] _pixels;
    private bool _pooled;

    /// <summary>Takes ownership of <paramref name="rgbx"/>.</summary>
    internal RgbImage(int width, int height, byte[] rgbx)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (rgbx.Length != (long)width * height * BytesPerPixel)
            throw new ArgumentException($"{rgbx.Length} bytes for {width} x {height} pixels of {BytesPerPixel} bytes", nameof(rgbx));
        (Width, Height, _pixels) = (width, height, rgbx);
    }

    /// <summary>An image of pooled memory unless it is huge; it holds whatever was there.</summary>
    internal static RgbImage Rent(int width, int height)
    {
        var length = checked(width * height * BytesPerPixel);
        return length <= LargestPooled
            ? new RgbImage(width, height) { _pixels = ArrayPool<byte>.Shared.Rent(length), _pooled = true }
            : new RgbImage(width, height, GC.AllocateUninitializedArray<byte>(length));
    }

    private RgbImage(int width, int height) => (Width, Height, _pixels) = (width, height, []);

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>[Height, Width, 4] bytes: red, green, blue and one without meaning.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public ReadOnlySpan<byte> Rgbx => Writable;

    /// <summary>The same, while the picture is being made.</summary>
    internal Span<byte> Writable
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pixels.Length == 0, this);
            return _pixels.AsSpan(0, Width * Height * BytesPerPixel);
        }
    }

    /// <summary>Copies [height, width, 3] bytes (red, green, blue) into a new image.</summary>
    public static RgbImage FromRgb(int width, int height, ReadOnlySpan<byte> rgb)
    {
        if (rgb.Length != (long)width * height * 3)
            throw new ArgumentException($"{rgb.Length} bytes for {width} x {height} RGB pixels", nameof(rgb));
        var pixels = new byte[(long)width * height * BytesPerPixel];
        for (int from = 0, to = 0; from < rgb.Length; from += 3, to += BytesPerPixel)
        {
            rgb.Slice(from, 3).CopyTo(pixels.AsSpan(to));
            pixels[to + 3] = 255;
        }
        return new RgbImage(width, height, pixels);
    }

    /// <summary>Gives the memory back; the picture cannot be read afterwards.</summary>
    public void Dispose()
    {
        // Once, also when two threads dispose: an array given back twice would become two pictures'.
        var pixels = Interlocked.Exchange(ref _pixels, []);
        if (_pooled && pixels.Length > 0) ArrayPool<byte>.Shared.Return(pixels);
    }

    /// <summary>A new array [Height, Width, 3]: red, green, blue.</summary>
    public byte[] ToRgb()
    {
        var pixels = Rgbx;
        var rgb = new byte[(long)Width * Height * 3];
        for (int from = 0, to = 0; to < rgb.Length; from += BytesPerPixel, to += 3)
            pixels.Slice(from, 3).CopyTo(rgb.AsSpan(to));
        return rgb;
    }

    /// <summary>A new array [3, Height, Width]: the red plane, the green, the blue.</summary>
    public byte[] ToPlanes()
    {
        var pixels = Rgbx;
        var plane = Width * Height;
        var planes = GC.AllocateUninitializedArray<byte>(checked(3 * plane));
        var i = 0;
        for (; i + PixelsAtOnce <= plane; i += PixelsAtOnce)
        {
            // Four reds, four greens, four blues.
            var sorted = Vector128.Shuffle(Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(pixels), (nuint)(BytesPerPixel * i)), ByChannel).AsUInt32();
            Unsafe.WriteUnaligned(ref planes[i], sorted.ToScalar());
            Unsafe.WriteUnaligned(ref planes[plane + i], sorted.GetElement(1));
            Unsafe.WriteUnaligned(ref planes[2 * plane + i], sorted.GetElement(2));
        }
        for (; i < plane; i++)
        {
            planes[i] = pixels[BytesPerPixel * i];
            planes[plane + i] = pixels[BytesPerPixel * i + 1];
            planes[2 * plane + i] = pixels[BytesPerPixel * i + 2];
        }
        return planes;
    }
}
