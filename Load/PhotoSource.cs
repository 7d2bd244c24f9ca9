using System.Buffers.Binary;

namespace FewShotCluster.Load;

/// <summary>Photos in turn, without end.</summary>
/// <param name="photos">At least one.</param>
/// <param name="unique">Whether each one sent is a content of its own, which no cache has met: a number follows the picture's data,
/// where decoders do not look.</param>
public sealed class PhotoSource(IReadOnlyList<byte[]> photos, bool unique = false)
{
    // So that two runs against one cluster share nothing either.
    private readonly Guid run = Guid.NewGuid();

    /// <summary>The photo of a request.</summary>
    public ReadOnlyMemory<byte> Photo(long index)
    {
        var photo = photos[(int)(index % photos.Count)];
        if (!unique) return photo;
        var own = new byte[photo.Length + 24];
        photo.CopyTo(own, 0);
        run.TryWriteBytes(own.AsSpan(photo.Length));
        BinaryPrimitives.WriteInt64LittleEndian(own.AsSpan(photo.Length + 16), index);
        return own;
    }
}
