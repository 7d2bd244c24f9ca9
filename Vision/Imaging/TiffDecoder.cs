namespace FewShotCluster.Vision.Imaging;

/// <summary>
/// Baseline TIFF (TIFF 6.0), which Skia lacks: strips of 8-bit grey, palette or RGB samples, stored plainly, by PackBits, LZW or
/// deflate, with or without the horizontal predictor. Anything else is refused by name.
/// </summary>
internal static class TiffDecoder
{
    public static RgbImage Decode(ReadOnlySpan<byte> bytes, ExifOrientation orientation)
    {
        try
        {
            var directory = TiffDirectory.Read(bytes);
            CheckSupported(directory);
            var image = new RgbImage((int)directory.Width, (int)directory.Height, ReadStrips(bytes, directory));
            return orientation == ExifOrientation.Apply ? Orientation.Apply(image, directory.Orientation) : image;
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException or InvalidDataException)
        {
            throw new InvalidImageException("TIFF is damaged or cut short", e);
        }
    }

    private static void CheckSupported(TiffDirectory directory)
    {
        var bits = directory.BitsPerSample;
        if (bits.Any(b => b != 8)) throw new InvalidImageException($"TIFF with {bits[0]} bits a sample is not supported, only 8");
        if (directory.IsPlanar) throw new InvalidImageException("TIFF with separate colour planes is not supported");
        var needed = directory.Photometric == 2 ? 3 : 1;
        if (directory.Photometric is < 0 or > 3 || directory.SamplesPerPixel < needed || directory.SamplesPerPixel > 4)
        {
            var samples = directory.SamplesPerPixel;
            throw new InvalidImageException($"TIFF colour model {directory.Photometric} with {samples} samples is not supported");
        }
        if (directory.Predictor is not (1 or 2))
            throw new InvalidImageException($"TIFF predictor {directory.Predictor} is not supported");
        if (directory.Photometric == 3 && directory.ColorMap.Length < 3 * 256)
            throw new InvalidImageException("TIFF palette has too few entries");
    }

    private static byte[] ReadStrips(ReadOnlySpan<byte> bytes, TiffDirectory directory)
    {
        var (width, height, samples) = ((int)directory.Width, (int)directory.Height, directory.SamplesPerPixel);
        var rows = (int)directory.RowsPerStrip;
        var (offsets, counts) = (directory.StripOffsets, directory.StripByteCounts);
        var pixels = new byte[(long)width * height * RgbImage.BytesPerPixel];
        var buffer = new byte[checked(width * samples * Math.Min(rows, height))];
        for (var strip = 0; strip * (long)rows < height; strip++)
        {
            var first = strip * rows;
            var data = bytes[checked((int)offsets[strip])..].Slice(0, checked((int)counts[strip]));
            var decoded = buffer.AsSpan(0, width * samples * Math.Min(rows, height - first));
            TiffCompression.Decompress(data, directory.Compression, decoded);
            for (var y = 0; y < decoded.Length / (width * samples); y++)
            {
                var line = decoded.Slice(y * width * samples, width * samples);
                if (directory.Predictor == 2)
                    for (var i = samples; i < line.Length; i++) line[i] += line[i - samples];
                WriteRow(line, directory, pixels.AsSpan((first + y) * width * RgbImage.BytesPerPixel, width * RgbImage.BytesPerPixel));
            }
        }
        return pixels;
    }

    private static void WriteRow(ReadOnlySpan<byte> samples, TiffDirectory directory, Span<byte> rgbx)
    {
        var step = directory.SamplesPerPixel;
        var kind = directory.Photometric;
        var palette = kind == 3 ? directory.ColorMap : [];
        var third = palette.Length / 3;
        for (int from = 0, to = 0; to < rgbx.Length; from += step, to += RgbImage.BytesPerPixel)
        {
            var value = samples[from];
            (rgbx[to], rgbx[to + 1], rgbx[to + 2]) = kind switch
            {
                2 => (value, samples[from + 1], samples[from + 2]),
                3 => ((byte)(palette[value] >> 8), (byte)(palette[third + value] >> 8), (byte)(palette[2 * third + value] >> 8)),
                0 => ((byte)~value, (byte)~value, (byte)~value),
                _ => (value, value, value),
            };
            rgbx[to + 3] = 255;
        }
    }
}
