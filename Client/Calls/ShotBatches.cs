using System.Runtime.CompilerServices;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Client.Calls;

/// <summary>Photos of one call, in the order given; the oversize ones of that stretch apart.</summary>
internal sealed record ShotBatch(IReadOnlyList<Shot> Shots, IReadOnlyList<FailedInput> Failed);

/// <summary>
/// Splits photos into calls. The same photos in the same order make the same calls: a repetition under the same operation id finds its own work.
/// </summary>
internal static class ShotBatches
{
    public static async IAsyncEnumerable<ShotBatch> Split(IAsyncEnumerable<Shot> shots, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batch = new List<Shot>();
        var failed = new List<FailedInput>();
        var bytes = 0;
        await foreach (var shot in shots.WithCancellation(cancellationToken))
        {
            if (shot.Image.Length > PayloadLimits.MaxPayloadBytes)
            {
                var error = PayloadLimits.TooLarge(shot.Image.Length, shot.Source);
                failed.Add(new FailedInput(shot.Source, error.Code, error.Message));
                continue;
            }
            if (batch.Count > 0 && (bytes + shot.Image.Length > PayloadLimits.MaxShotBatchBytes || batch.Count == PayloadLimits.MaxShotBatchCount))
            {
                yield return new ShotBatch(batch, failed);
                (batch, failed, bytes) = ([], [], 0);
            }
            batch.Add(shot);
            bytes += shot.Image.Length;
        }
        if (batch.Count + failed.Count > 0) yield return new ShotBatch(batch, failed);
    }
}
