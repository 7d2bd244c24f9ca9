using System.Buffers.Binary;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Bench.Robustness;

/// <summary>
/// Damages files as accidents do, and as attackers do: see <see cref="StructureMutator"/>. Everything follows from the numbers drawn.
/// </summary>
internal sealed class Mutator(SplitMix64 random)
{
    // Headers and directories lie at the ends.
    private const int Ends = 2048;
    private static readonly ulong[] Extremes =
    [
        0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x100000000, 1UL << 40,
        long.MaxValue, 1UL << 63, ulong.MaxValue,
    ];
    private readonly StructureMutator structure = new(random);

    /// <summary>One to three changes.</summary>
    /// <param name="file">Not modified.</param>
    /// <param name="other">What splices take their other part from.</param>
    public byte[] Mutate(byte[] file, byte[] other)
    {
        var result = file.ToArray();
        for (var left = 1 + random.Below(3); left > 0; left--) result = Once(result, other);
        return result;
    }

    private byte[] Once(byte[] file, byte[] other)
    {
        if (file.Length == 0) return other[..random.Below(other.Length + 1)];
        var (at, length) = (Position(file), 1 + random.Below(random.Below(8) == 0 ? file.Length : 64));
        var end = Math.Min(file.Length, at + length);
        switch (random.Below(12))
        {
            case 0:
                for (var i = random.Below(8); i >= 0; i--) file[Position(file)] ^= (byte)(1 << random.Below(8));
                return file;
            case 1:
                file.AsSpan(at, end - at).Fill(random.Below(3) switch { 0 => 0, 1 => 0xFF, _ => (byte)random.Below(256) });
                return file;
            case 2:
                for (var i = at; i < end; i++) file[i] = (byte)random.Below(256);
                return file;
            case 3: return file[..at];
            case 4: return [.. file[..at], .. Enumerable.Range(0, length).Select(_ => (byte)random.Below(256)), .. file[at..]];
            case 5: return [.. file[..at], .. file[end..]];
            case 6: return [.. file[..end], .. file[at..end], .. file[end..]];
            case 7: return [.. file[..at], .. other[Math.Min(other.Length, random.Below(2) == 0 ? at : random.Below(other.Length))..]];
            case 8: return Extreme(file, at);
            default: return structure.Mutate(file);
        }
    }

    /// <summary>A number of 2, 4 or 8 bytes, of either byte order, becomes an extreme one.</summary>
    private byte[] Extreme(byte[] file, int at)
    {
        var value = Extremes[random.Below(Extremes.Length)];
        var (size, bytes) = (2 << random.Below(3), new byte[8]);
        if (random.Below(2) == 0) BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        else BinaryPrimitives.WriteUInt64BigEndian(bytes, value << 8 * (8 - size));
        bytes.AsSpan(0, Math.Min(size, file.Length - at)).CopyTo(file.AsSpan(at));
        return file;
    }

    private int Position(byte[] file) => random.Below(3) switch
    {
        0 => random.Below(file.Length),
        1 => random.Below(Math.Min(Ends, file.Length)),
        _ => file.Length - 1 - random.Below(Math.Min(Ends, file.Length)),
    };
}
