namespace FewShotCluster.Vision.Checkpoints;

/// <summary>
/// What the description of a checkpoint's tensors may take in memory: less than the file itself, and a fixed part for small files. A byte
/// of a pickle, a zip directory or a JSON header can stand for an object of a hundred, so readers charge what they build before they do.
/// </summary>
internal sealed class MemoryBudget(string path, long fileLength)
{
    /// <summary>Characters a tensor's name may have.</summary>
    public const int MaxNameLength = 1024;

    private const long Fixed = 6 << 20, Largest = 256 << 20;
    private long left = Math.Min(Largest, Fixed + fileLength / 2);

    /// <exception cref="CheckpointException">More than a checkpoint of this size may describe.</exception>
    public void Spend(long bytes)
    {
        left -= bytes;
        if (left < 0) throw new CheckpointException($"{path}: describes more than the tensors of a file of {fileLength} bytes");
    }

    /// <summary>An object of some fields, and text.</summary>
    public void SpendObject(int textLength = 0) => Spend(100 + 2L * textLength);
}
