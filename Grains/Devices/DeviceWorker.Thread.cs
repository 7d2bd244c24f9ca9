using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.Devices;

/// <content>The device's own thread: batches, and slices of fits between them.</content>
internal sealed partial class DeviceWorker
{
    private const double FitShare = 0.05;
    private int _running;
    private WorkKind _runningKind;
    private double _runningUntil;
    private int _batchesSinceSlice;
    private double _batchSecondsSinceSlice;
    private bool _comesFromBatch;
    private DeviceFaultException? _injected;

    /// <summary>Seconds that the running batch still takes, by the measure of its size.</summary>
    private double RunningLeft => _running == 0 ? 0 : Math.Max(0, _runningUntil - Now);

    /// <summary>Serves until the worker stops (null) or the device fails.</summary>
    private DeviceFaultException? Serve(DeviceModels models)
    {
        try
        {
            while (NextJob(out var picked, out var fit))
            {
                foreach (var work in picked.Late) Expire(work);
                if (picked.Batch.Count > 0) RunBatch(models, picked.Batch);
                if (fit is not null) Slice(fit);
            }
            return null;
        }
        catch (DeviceFaultException fault)
        {
            return fault;
        }
    }

    /// <summary>Waits for a batch or a slice of a fit; false: stop.</summary>
    private bool NextJob(out PickedWork picked, out SlicedWork? fit)
    {
        picked = new PickedWork([], []);
        fit = null;
        lock (_gate)
        {
            // Time of batches that no fit waited for is not owed to the next one.
            if (_fits.Count == 0) _batchSecondsSinceSlice = 0;
            // Only a device that comes straight from a batch lingers: on an idle one it would be pure delay.
            var busy = _comesFromBatch;
            while (_state == DeviceState.Active && _injected is null && _queue.Waiting == 0 && _fits.Count == 0)
            {
                busy = false;
                Monitor.Wait(_gate);
            }
            if (busy && _queue.Waiting > 0 && _fits.Count == 0) Linger();
            if (_state != DeviceState.Active) return false;
            if (_injected is { } fault)
            {
                _injected = null;
                throw fault;
            }
            if (_queue.Waiting > 0) picked = _queue.Take(Now);
            _comesFromBatch = picked.Batch.Count > 0;
            if (_comesFromBatch)
            {
                _batchesSinceSlice++;
                _runningKind = picked.Batch[0].Kind;
                _runningUntil = Now + _times.Of(_runningKind, picked.Batch.Count);
                Volatile.Write(ref _running, picked.Batch.Count);
            }
            if (_fits.Count > 0 && (!_comesFromBatch || _batchesSinceSlice >= _options.BatchesPerFitSlice))
            {
                fit = _fits.Dequeue();
                _batchesSinceSlice = 0;
            }
        }
        return true;
    }

    /// <summary>A busy device gives the batch a moment to fill: callers just answered come back at once.</summary>
    private void Linger()
    {
        var left = _options.MaxLinger.TotalSeconds - (Now - _queue.OldestSince());
        Await(TimeSpan.FromSeconds(left), () => _injected is null && _queue.Longest() is > 0 and var longest && longest < _options.MaxBatch);
    }

    /// <summary>Waits, the lock given up, while the worker is in its state and a condition holds, at most for a time.</summary>
    private void Await(TimeSpan atMost, Func<bool> condition)
    {
        if (atMost <= TimeSpan.Zero) return;
        var (state, over) = (_state, false);
        using var timer = _time.CreateTimer(
            _ =>
            {
                lock (_gate)
                {
                    over = true;
                    Monitor.PulseAll(_gate);
                }
            },
            null,
            atMost,
            Timeout.InfiniteTimeSpan);
        while (!over && _state == state && condition()) Monitor.Wait(_gate);
    }

    private void RunBatch(DeviceModels models, List<DeviceWork> batch)
    {
        var start = Now;
        foreach (var work in batch)
        {
            work.Cancellation.Unregister();
            _metrics.QueueWait(TimeSpan.FromSeconds(Now - work.EnqueuedAt), work.Kind);
        }
        try
        {
            _runner.Run(models, batch);
        }
        finally
        {
            _batchSecondsSinceSlice += Now - start;
            Volatile.Write(ref _running, 0);
        }
    }

    private void Expire(DeviceWork work)
    {
        work.Cancellation.Unregister();
        _metrics.Dropped("late");
        work.Rows.TrySetException(new FewShotException(
            FewShotErrorCode.DeadlineExceeded, $"device {Slot} could not answer before the deadline: give it more time or add a device"));
    }

    /// <summary>One step of a fit; after batches as many as fit into a share of their time, so that short steps do not starve it under load.</summary>
    private void Slice(SlicedWork fit)
    {
        var until = Now + FitShare * _batchSecondsSinceSlice;
        _batchSecondsSinceSlice = 0;
        do
        {
            if (!fit.Step()) return;
        }
        while (Now < until);
        lock (_gate) _fits.Enqueue(fit);
    }
}
