using System.Buffers.Binary;
using System.Text;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Archives;

/// <summary>Headers of NumPy's .npy format, version 1.0, in the one form that exports have: little-endian, C order.</summary>
internal static class NpyHeader
{
    private const int Alignment = 64;
    private static readonly byte[] Magic = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];

    public static byte[] Of(ArchiveArray array)
    {
        var shape = array.Shape.Length == 1 ? $"{array.Shape[0]}," : string.Join(", ", array.Shape);
        var text = $"{{'descr': '{array.Type}', 'fortran_order': False, 'shape': ({shape}), }}";
        var start = Magic.Length + sizeof(ushort);
        var length = (start + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        var header = new byte[length];
        Magic.CopyTo(header, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(Magic.Length), (ushort)(length - start));
        Encoding.ASCII.GetBytes(text.PadRight(length - start - 1) + "\n", header.AsSpan(start));
        return header;
    }

    /// <summary>Reads past the header of an array that must have this type and shape.</summary>
    /// <exception cref="FewShotException">InvalidArgument: it has others.</exception>
    public static async Task SkipAsync(Stream stream, ArchiveArray array, CancellationToken cancellationToken)
    {
        var expected = Of(array);
        var found = new byte[expected.Length];
        await stream.ReadExactlyAsync(found, cancellationToken);
        if (!found.AsSpan().SequenceEqual(expected))
            throw new FewShotException(
                FewShotErrorCode.InvalidArgument,
                $"{array.Name}.npy is no array of type {array.Type} and shape ({string.Join(", ", array.Shape)}), as the manifest says");
    }
}
