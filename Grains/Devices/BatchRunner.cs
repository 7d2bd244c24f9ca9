using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;
using FewShotCluster.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Devices;

/// <summary>Runs batches through a device's networks and hands each item its own rows. Device thread only; the figures from any.</summary>
internal sealed partial class BatchRunner(string slot, TimeProvider time, FewShotMetrics metrics, ILogger log)
{
    private long _batches;
    private long _encoded;
    private double _seconds = 0.05;

    public long Batches => Volatile.Read(ref _batches);

    public long Encoded => Volatile.Read(ref _encoded);

    /// <summary>Moving average of a batch's time.</summary>
    public double Seconds => Volatile.Read(ref _seconds);

    public void Run(DeviceModels models, List<DeviceWork> batch)
    {
        foreach (var work in batch)
        {
            work.Cancellation.Unregister();
            metrics.QueueWait(time.GetElapsedTime(work.EnqueuedAt), work.Kind);
        }
        Execute(models, batch);
    }

    private void Execute(DeviceModels models, List<DeviceWork> batch)
    {
        var start = time.GetTimestamp();
        try
        {
            var rows = Encode(models, batch);
            for (var i = 0; i < batch.Count; i++) batch[i].Rows.TrySetResult(rows[i]);
        }
        catch (Exception) when (batch.Count > 1)
        {
            // One bad item must not fail its neighbours: each gets its own turn, and its own error.
            foreach (var work in batch) Execute(models, [work]);
            return;
        }
        catch (Exception e)
        {
            LogItemFailed(log, e, slot, batch[0].Kind);
            batch[0].Rows.TrySetException(VisionErrors.Translate(e, FewShotErrorCode.Internal));
        }
        metrics.Batch(batch.Count, batch[0].Kind);
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _encoded, batch.Count);
        Volatile.Write(ref _seconds, 0.8 * _seconds + 0.2 * time.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>[item][model] rows.</summary>
    private static float[][][] Encode(DeviceModels models, List<DeviceWork> batch)
    {
        float[][] matrices = batch[0].Kind switch
        {
            WorkKind.Image => [.. models.Encoders.Select((encoder, e) => encoder.Network.EncodeImages([.. batch.Select(work => work.Planes[e])]))],
            WorkKind.Text => [.. models.Encoders.Select(encoder => encoder.Network.EncodeTexts([.. batch.Select(work => work.Text)]))],
            _ => [models.Refiner!.Network.Encode([.. batch.Select(work => work.Planes[0])])],
        };
        return [.. batch.Select((_, i) => matrices.Select(matrix => Row(matrix, i, batch.Count)).ToArray())];
    }

    private static float[] Row(float[] matrix, int row, int rows)
    {
        var dimension = matrix.Length / rows;
        return matrix.AsSpan(row * dimension, dimension).ToArray();
    }

    [LoggerMessage(1002, LogLevel.Warning, "device {Slot}: an item of kind {Kind} failed")]
    private static partial void LogItemFailed(ILogger logger, Exception exception, string slot, WorkKind kind);
}
