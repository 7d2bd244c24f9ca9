using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;

namespace FewShotCluster.Grains.Storage;

/// <summary>
/// Cuts payloads into blocks at fixed offsets: a matrix that grew by a row shares all blocks but its last with the one before.
/// </summary>
internal static class Blocks
{
    public static Payload Cut(byte[] payload, List<Block> into) => Cut(new MatrixBytes(payload), 0, into);

    /// <param name="payload">The bytes.</param>
    /// <param name="known">How many of its first blocks the store has.</param>
    /// <param name="into">Gets the other blocks.</param>
    public static Payload Cut(MatrixBytes payload, int known, List<Block> into)
    {
        for (var i = known; i < payload.Blocks.Length; i++) into.Add(new Block(payload.Blocks[i], payload.Block(i)));
        return new Payload(payload.Length, payload.Blocks);
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
