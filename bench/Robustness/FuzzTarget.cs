using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Models;

namespace FewShotCluster.Bench.Robustness;

/// <summary>How a case ended.</summary>
public enum FuzzOutcome
{
    /// <summary>Read: the change did no harm.</summary>
    Accepted,

    /// <summary>Refused by the typed exception.</summary>
    Refused,

    /// <summary>Another exception came out.</summary>
    WrongException,
}

/// <summary>Gives a file to the code that reads files of its kind.</summary>
public static class FuzzTarget
{
    /// <param name="kind">What reads it.</param>
    /// <param name="bytes">The file.</param>
    /// <param name="path">Where a checkpoint is written to be opened.</param>
    /// <returns>The outcome, and the wrong exception.</returns>
    public static (FuzzOutcome Outcome, Exception? Wrong) Run(FuzzKind kind, byte[] bytes, string path)
    {
        try
        {
            if (kind == FuzzKind.Image)
            {
                ImageDecoder.Decode(bytes).Dispose();
                return (FuzzOutcome.Accepted, null);
            }
            File.WriteAllBytes(path, bytes);
            using var checkpoint = Checkpoint.Open(path);
            if (kind == FuzzKind.Clip) Clip.Load(checkpoint).Dispose();
            else ConvNeXtV2.Load(checkpoint).Dispose();
            return (FuzzOutcome.Accepted, null);
        }
        catch (Exception e) when (kind == FuzzKind.Image ? e is ImageException : e is CheckpointException)
        {
            return (FuzzOutcome.Refused, null);
        }
        catch (Exception e)
        {
            return (FuzzOutcome.WrongException, e);
        }
    }
}
