namespace FewShotCluster.Vision.Checkpoints;

/// <summary>A checkpoint that cannot be used: damaged, hostile, of another layout, or not fitting the architecture.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates the failure; the message says which file, what was wrong and what to do.</summary>
    public CheckpointException(string message, Exception? inner = null) : base(message, inner)
    {
    }
}
