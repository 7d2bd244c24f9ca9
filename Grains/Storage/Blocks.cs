using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Storage;

/// <summary>
/// Cuts payloads into blocks at fixed offsets: a matrix that grew by a row shares all blocks but its last with the one before.
/// </summary>
internal static class Blocks
{
    /// <summary>Largest block, bytes.</summary>
    public const int MaxBytes = 256 * 1024;

    public static Payload Cut(byte[] payload, List<Block> into) => Cut(payload, [], into);

    /// <param name="payload">The bytes.</param>
    /// <param name="known">Addresses of its first whole blocks, which the store has.</param>
    /// <param name="into">Gets the other blocks.</param>
    public static Payload Cut(byte[] payload, ReadOnlySpan<ContentKey> known, List<Block> into)
    {
        var keys = new ContentKey[(payload.Length + MaxBytes - 1) / MaxBytes];
        known.CopyTo(keys);
        for (var i = known.Length; i < keys.Length; i++)
        {
            var bytes = payload.AsSpan(i * MaxBytes, Math.Min(MaxBytes, payload.Length - i * MaxBytes)).ToArray();
            keys[i] = ContentKey.Of(bytes);
            into.Add(new Block(keys[i], bytes));
        }
        return new Payload(payload.Length, keys);
    }

    public static byte[] Join(Payload payload, IReadOnlyDictionary<ContentKey, byte[]> blocks)
    {
        var bytes = new byte[payload.Length];
        var end = 0;
        foreach (var key in payload.Blocks)
        {
            blocks[key].CopyTo(bytes, end);
            end += blocks[key].Length;
        }
        return bytes;
    }
}
