using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace FewShotCluster.Vision.Numerics;

/// <summary>
/// An array in NumPy's <c>.npy</c> format (little-endian, C order): how features, labels and proxies travel between
/// command lines and other tools. Format: numpy.lib.format, versions 1 to 3.
/// </summary>
/// <param name="Descriptor">
/// NumPy type descriptor: <c>&lt;f2</c> to <c>&lt;f8</c>, <c>|i1</c> to <c>&lt;i8</c>, <c>|u1</c> to <c>&lt;u8</c>, <c>|b1</c>.
/// </param>
/// <param name="Shape">Dimensions, outermost first; empty for a scalar.</param>
/// <param name="Data">The elements' bytes, row by row.</param>
public sealed partial record NpyArray(string Descriptor, long[] Shape, byte[] Data)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, n) => product * n);

    /// <summary>Wraps float32 values.</summary>
    public static NpyArray From(ReadOnlySpan<float> values, params long[] shape) => From("<f4", values, shape);

    /// <summary>Wraps float64 values.</summary>
    public static NpyArray From(ReadOnlySpan<double> values, params long[] shape) => From("<f8", values, shape);

    /// <summary>Wraps int64 values.</summary>
    public static NpyArray From(ReadOnlySpan<long> values, params long[] shape) => From("<i8", values, shape);

    /// <summary>Wraps bytes.</summary>
    public static NpyArray From(ReadOnlySpan<byte> values, params long[] shape) => From("|u1", values, shape);

    /// <summary>Reads a <c>.npy</c> file.</summary>
    /// <exception cref="InvalidDataException">Not a readable array: wrong magic, Fortran order, big-endian, or truncated.</exception>
    public static NpyArray Read(string path)
    {
        using var file = File.OpenRead(path);
        return Read(file, Path.GetFileName(path));
    }

    /// <summary>Reads one array from a stream; <paramref name="name"/> appears in error messages.</summary>
    /// <exception cref="InvalidDataException">As for <see cref="Read(string)"/>.</exception>
    public static NpyArray Read(Stream stream, string name)
    {
        try
        {
            Span<byte> start = stackalloc byte[8];
            stream.ReadExactly(start);
            if (start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
                throw new InvalidDataException($"{name} is not a .npy file");
            var length = new byte[start[6] == 1 ? 2 : 4];
            stream.ReadExactly(length);
            var headerLength = length.Length == 2 ? BitConverter.ToUInt16(length) : BitConverter.ToUInt32(length);
            if (headerLength > 65536) throw new InvalidDataException($"{name}: header of {headerLength} bytes");
            var header = new byte[headerLength];
            stream.ReadExactly(header);
            var (descriptor, shape) = ParseHeader(Encoding.UTF8.GetString(header), name);

            var bytes = checked(shape.Aggregate(1L, (product, n) => checked(product * n)) * ItemSize(descriptor, name));
            if (bytes > Array.MaxLength || (stream.CanSeek && bytes > stream.Length - stream.Position))
                throw new InvalidDataException($"{name}: the header promises {bytes} bytes of data, the file has fewer");
            var data = new byte[bytes];
            stream.ReadExactly(data);
            return new NpyArray(descriptor, shape, data);
        }
        catch (Exception e) when (e is EndOfStreamException or OverflowException)
        {
            throw new InvalidDataException($"{name}: truncated or damaged .npy file", e);
        }
    }

    /// <summary>Writes the array as a <c>.npy</c> file (format version 1.0).</summary>
    public void Write(string path)
    {
        using var file = File.Create(path);
        Write(file);
    }

    /// <summary>Writes the array to a stream (format version 1.0; data begins at a multiple of 64 bytes).</summary>
    public void Write(Stream stream)
    {
        var shape = Shape.Length == 1 ? $"({Shape[0]},)" : $"({string.Join(", ", Shape)})";
        var header = $"{{'descr': '{Descriptor}', 'fortran_order': False, 'shape': {shape}, }}";
        header = header.PadRight((10 + header.Length + 1 + 63) / 64 * 64 - 11) + "\n";
        stream.WriteByte(0x93);
        stream.Write("NUMPY"u8);
        stream.Write([1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        stream.Write(Encoding.ASCII.GetBytes(header));
        stream.Write(Data);
    }

    /// <summary>The elements as float32, converted from any numeric type.</summary>
    public float[] ToSingles() =>
        Descriptor == "<f4" ? MemoryMarshal.Cast<byte, float>(Data).ToArray() : Array.ConvertAll(ToDoubles(), v => (float)v);

    /// <summary>The elements as float64, converted from any numeric type.</summary>
    public double[] ToDoubles() => Descriptor switch
    {
        "<f8" => MemoryMarshal.Cast<byte, double>(Data).ToArray(),
        "<f4" => Convert<float, double>(v => v),
        "<f2" => Convert<Half, double>(v => (double)v),
        "<i8" => Convert<long, double>(v => v),
        "<u8" => Convert<ulong, double>(v => v),
        _ => Array.ConvertAll(ToInt64s(), v => (double)v),
    };

    /// <summary>The elements as int64, exactly.</summary>
    /// <exception cref="InvalidDataException">An element has a fraction, or is beyond int64.</exception>
    public long[] ToInt64s() => Descriptor switch
    {
        "<i8" => MemoryMarshal.Cast<byte, long>(Data).ToArray(),
        "<i4" => Convert<int, long>(v => v),
        "<i2" => Convert<short, long>(v => v),
        "|i1" => Convert<sbyte, long>(v => v),
        "<u8" => Convert<ulong, long>(v => v <= long.MaxValue ? (long)v : throw BeyondInt64(v)),
        "<u4" => Convert<uint, long>(v => v),
        "<u2" => Convert<ushort, long>(v => v),
        "|u1" or "|b1" => Convert<byte, long>(v => v),
        "<f8" or "<f4" or "<f2" => Array.ConvertAll(ToDoubles(), Whole),
        _ => throw new InvalidDataException($"cannot read '{Descriptor}' as numbers"),
    };

    private static long Whole(double value)
    {
        if (value != Math.Truncate(value)) throw new InvalidDataException($"{value} is not an integer");
        return value is >= -9223372036854775808.0 and < 9223372036854775808.0 ? (long)value : throw BeyondInt64(value);
    }

    private static InvalidDataException BeyondInt64<T>(T value) => new($"{value} is beyond int64, whose largest is {long.MaxValue}");

    private static NpyArray From<T>(string descriptor, ReadOnlySpan<T> values, long[] shape) where T : unmanaged
    {
        var array = new NpyArray(descriptor, shape.Length == 0 ? [values.Length] : shape, MemoryMarshal.AsBytes(values).ToArray());
        return array.Count == values.Length
            ? array
            : throw new ArgumentException($"shape of {array.Count} elements for {values.Length} values");
    }

    private TResult[] Convert<T, TResult>(Func<T, TResult> convert) where T : unmanaged
    {
        var source = MemoryMarshal.Cast<byte, T>(Data);
        var result = new TResult[source.Length];
        for (var i = 0; i < result.Length; i++) result[i] = convert(source[i]);
        return result;
    }

    private static (string Descriptor, long[] Shape) ParseHeader(string header, string name)
    {
        var match = HeaderPattern().Match(header);
        if (!match.Success) throw new InvalidDataException($"{name}: unreadable .npy header");
        if (match.Groups["order"].Value == "True")
            throw new InvalidDataException($"{name}: Fortran order is not supported; save with order='C'");
        var shape = match.Groups["shape"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return (match.Groups["descr"].Value, Array.ConvertAll(shape, n => long.Parse(n, CultureInfo.InvariantCulture)));
    }

    private static int ItemSize(string descriptor, string name) => descriptor switch
    {
        "<f8" or "<i8" or "<u8" => 8,
        "<f4" or "<i4" or "<u4" => 4,
        "<f2" or "<i2" or "<u2" => 2,
        "|u1" or "|i1" or "|b1" => 1,
        _ => throw new InvalidDataException($"{name}: element type '{descriptor}' is not supported"),
    };

    [GeneratedRegex(@"'descr':\s*'(?<descr>[^']+)'.*'fortran_order':\s*(?<order>True|False).*'shape':\s*\((?<shape>[\d,\s]*)\)")]
    private static partial Regex HeaderPattern();
}
