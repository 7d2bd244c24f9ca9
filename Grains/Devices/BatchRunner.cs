using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;
using FewShotCluster.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Devices;

/// <summary>Runs batches through a device's networks and hands each item its own rows. Device thread only; the figures from any.</summary>
internal sealed partial class BatchRunner(string slot, BatchTimes times, TimeProvider time, FewShotMetrics metrics, ILogger log)
{
    private long _batches;
    private long _encoded;

    public long Batches => Volatile.Read(ref _batches);

    public long Encoded => Volatile.Read(ref _encoded);

    /// <exception cref="DeviceFaultException">The device failed, and with it the batch.</exception>
    public void Run(DeviceModels models, List<DeviceWork> batch)
    {
        var start = time.GetTimestamp();
        var kind = batch[0].Kind;
        try
        {
            // Padded with its own last item: a network meets the sizes of the buckets alone.
            var rows = Encode(models, batch, times.Bucket(batch.Count));
            for (var i = 0; i < batch.Count; i++) batch[i].Rows.TrySetResult(rows[i]);
        }
        catch (Exception e) when (DeviceFaultException.IsFault(e))
        {
            var fault = DeviceFaultException.Of(e);
            foreach (var work in batch)
                work.Rows.TrySetException(new FewShotException(FewShotErrorCode.DeviceUnavailable, $"device {slot} failed ({fault.Message}): send it elsewhere"));
            throw fault;
        }
        catch (Exception) when (batch.Count > 1)
        {
            // One bad item must not fail its neighbours: each gets its own turn, and its own error.
            foreach (var work in batch) Run(models, [work]);
            return;
        }
        catch (Exception e)
        {
            LogItemFailed(log, e, slot, kind);
            batch[0].Rows.TrySetException(VisionErrors.Translate(e, FewShotErrorCode.Internal));
        }
        times.Record(kind, times.Bucket(batch.Count), time.GetElapsedTime(start).TotalSeconds);
        metrics.Batch(batch.Count, kind);
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _encoded, batch.Count);
    }

    /// <summary>[item][model] rows.</summary>
    private static float[][][] Encode(DeviceModels models, List<DeviceWork> batch, int size)
    {
        float[][] matrices = batch[0].Kind switch
        {
            WorkKind.Image => [.. models.Encoders.Select((encoder, e) => encoder.Network.EncodeImages(Padded(batch, size, work => work.Planes[e])))],
            WorkKind.Text => [.. models.Encoders.Select(encoder => encoder.Network.EncodeTexts(Padded(batch, size, work => work.Text)))],
            _ => [models.Refiner!.Network.Encode(Padded(batch, size, work => work.Planes[0]))],
        };
        return [.. batch.Select((_, i) => matrices.Select(matrix => Row(matrix, i, size)).ToArray())];
    }

    private static T[] Padded<T>(List<DeviceWork> batch, int size, Func<DeviceWork, T> input)
    {
        var inputs = new T[size];
        for (var i = 0; i < size; i++) inputs[i] = input(batch[Math.Min(i, batch.Count - 1)]);
        return inputs;
    }

    private static float[] Row(float[] matrix, int row, int rows)
    {
        var dimension = matrix.Length / rows;
        return matrix.AsSpan(row * dimension, dimension).ToArray();
    }

    [LoggerMessage(1002, LogLevel.Warning, "device {Slot}: an item of kind {Kind} failed")]
    private static partial void LogItemFailed(ILogger logger, Exception exception, string slot, WorkKind kind);
}
