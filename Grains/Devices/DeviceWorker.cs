using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using Microsoft.Extensions.Logging;
using TorchSharp;

namespace FewShotCluster.Grains.Devices;

/// <summary>
/// One dedicated thread that owns one device: a bounded queue in front, micro-batches of one kind, and background fits as
/// slices between batches.
/// </summary>
internal sealed partial class DeviceWorker : IDisposable
{
    private readonly object _gate = new();
    private readonly WorkQueue _queue = new();
    private readonly Queue<SlicedWork> _fits = new();
    private readonly TaskCompletionSource<DeviceModels> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private readonly IDeviceModelSource _source;
    private readonly string _device;
    private readonly FewShotNodeOptions _options;
    private readonly TimeProvider _time;
    private readonly FewShotMetrics _metrics;
    private readonly ILogger _log;
    private readonly BatchRunner _runner;
    private int _admitted;
    private int _batchesSinceSlice;
    private bool _comesFromBatch;
    private bool _started;
    private bool _stopping;

    public DeviceWorker(
        string device, IDeviceModelSource source, FewShotNodeOptions options, TimeProvider time, FewShotMetrics metrics, ILogger log)
    {
        (_device, _source, _options, _time, _metrics, _log) = (device, source, options, time, metrics, log);
        Slot = $"{options.NodeName}/{device}";
        _runner = new BatchRunner(Slot, time, metrics, log);
        _thread = new Thread(Run) { IsBackground = true, Name = $"device {Slot}" };
        metrics.Watch(this);
    }

    public string Slot { get; }

    public torch.Device Device => torch.device(_device);

    /// <summary>The networks once loaded; fails with what kept them from loading.</summary>
    public Task<DeviceModels> Ready => _ready.Task;

    /// <summary>Items admitted and not yet in a batch.</summary>
    public int QueueLength => Volatile.Read(ref _admitted);

    public int QueueLimit => _options.QueueLimit;

    /// <summary>Threads of one computation: all for latency, fewer where several devices share the processor.</summary>
    public int Threads => _options.ThreadsPerDevice > 0
        ? _options.ThreadsPerDevice
        : Math.Max(1, Environment.ProcessorCount / _options.Devices.Count);

    public long Batches => _runner.Batches;

    public long Encoded => _runner.Encoded;

    public Task<DeviceModels> Start()
    {
        lock (_gate)
        {
            if (!_started && !_stopping) _thread.Start();
            _started = true;
        }
        return Ready;
    }

    /// <summary>Takes one place in the queue, before any work is put into an item.</summary>
    /// <exception cref="FewShotException">Overloaded, with the time after which trying again makes sense.</exception>
    public void Admit()
    {
        lock (_gate)
        {
            if (_stopping) throw Stopped();
            if (_admitted >= _options.QueueLimit) throw Overloaded();
            _admitted++;
        }
    }

    /// <summary>Gives an admitted place back when its item never reached the queue.</summary>
    public void Withdraw()
    {
        lock (_gate) _admitted--;
    }

    /// <summary>Queues an item whose place was admitted; the place is free again once the item is in a batch or was cancelled.</summary>
    public Task<float[][]> Enqueue(WorkKind kind, byte[][] planes, string text, CancellationToken cancellationToken)
    {
        var work = new DeviceWork(kind, planes, text, _time.GetTimestamp());
        lock (_gate)
        {
            if (_stopping || cancellationToken.IsCancellationRequested)
            {
                _admitted--;
                if (_stopping) throw Stopped();
                return Task.FromCanceled<float[][]>(cancellationToken);
            }
            var node = _queue.Add(work);
            work.Cancellation = cancellationToken.UnsafeRegister((_, token) => Drop(node, token), null);
            Monitor.Pulse(_gate);
        }
        return work.Rows.Task;
    }

    /// <summary>Runs a fit as slices: <paramref name="step"/> is called on the device's thread until it returns false.</summary>
    public Task RunSliced(Func<bool> step, CancellationToken cancellationToken)
    {
        var fit = new SlicedWork(step, cancellationToken);
        lock (_gate)
        {
            if (_stopping) throw Stopped();
            _fits.Enqueue(fit);
            Monitor.Pulse(_gate);
        }
        return fit.Completion;
    }

    /// <summary>Stops after the running batch; what is queued fails. Blocks for that long: not for grain turns.</summary>
    public void Dispose()
    {
        bool started;
        lock (_gate)
        {
            if (_stopping) return;
            _stopping = true;
            started = _started;
            Monitor.PulseAll(_gate);
        }
        if (started) _thread.Join();
        _metrics.Forget(this);
    }

    private void Run()
    {
        DeviceModels models;
        try
        {
            // Per thread and inherited at creation: before the first kernel.
            torch.set_num_threads(Threads);
            models = _source.Load(_device);
        }
        catch (Exception e)
        {
            LogLoadFailed(_log, e, Slot);
            Abandon();
            _ready.SetException(VisionErrors.Translate(e, FewShotErrorCode.ModelUnavailable));
            return;
        }
        _ready.SetResult(models);
        using (models)
        {
            while (NextJob(out var batch, out var fit))
            {
                if (batch.Count > 0) _runner.Run(models, batch);
                if (fit is not null) Slice(fit);
            }
        }
        Abandon();
    }

    /// <summary>Waits for a batch or a slice of a fit; false: stop.</summary>
    private bool NextJob(out List<DeviceWork> batch, out SlicedWork? fit)
    {
        batch = [];
        fit = null;
        lock (_gate)
        {
            // Only a device that comes straight from a batch lingers: on an idle one it would be pure delay.
            var busy = _comesFromBatch;
            while (!_stopping && _queue.Count == 0 && _fits.Count == 0)
            {
                busy = false;
                Monitor.Wait(_gate);
            }
            if (_stopping) return false;
            if (busy && _queue.Count > 0 && _fits.Count == 0) Linger();
            if (_queue.Next is { } line)
            {
                batch = WorkQueue.Take(line, _options.MaxBatch);
                _admitted -= batch.Count;
                _batchesSinceSlice++;
            }
            _comesFromBatch = batch.Count > 0;
            if (_fits.Count > 0 && (batch.Count == 0 || _batchesSinceSlice >= _options.BatchesPerFitSlice))
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
        var oldest = _queue.Next!.First!.Value.EnqueuedAt;
        var left = _options.MaxLinger - _time.GetElapsedTime(oldest);
        if (left <= TimeSpan.Zero) return;
        var over = false;
        using var timer = _time.CreateTimer(
            _ =>
            {
                lock (_gate)
                {
                    over = true;
                    Monitor.Pulse(_gate);
                }
            },
            null,
            left,
            Timeout.InfiniteTimeSpan);
        while (!over && !_stopping && _queue.Next is { } line && line.Count < _options.MaxBatch) Monitor.Wait(_gate);
    }

    private void Slice(SlicedWork fit)
    {
        if (!fit.Step()) return;
        lock (_gate) _fits.Enqueue(fit);
    }

    private void Drop(LinkedListNode<DeviceWork> node, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (node.List is null) return;
            node.List.Remove(node);
            _admitted--;
        }
        node.Value.Rows.TrySetCanceled(cancellationToken);
    }

    private void Abandon()
    {
        List<DeviceWork> left;
        List<SlicedWork> fits;
        lock (_gate)
        {
            _stopping = true;
            left = _queue.TakeAll();
            _admitted -= left.Count;
            fits = [.. _fits];
            _fits.Clear();
        }
        foreach (var work in left) work.Rows.TrySetException(Stopped());
        foreach (var fit in fits) fit.Abandon(Stopped());
    }

    private FewShotException Overloaded()
    {
        var batchesAhead = 1 + _admitted / _options.MaxBatch;
        var wait = TimeSpan.FromSeconds(Math.Clamp(batchesAhead * _runner.Seconds, 0.01, 60));
        return new FewShotException(
            FewShotErrorCode.Overloaded,
            $"device {Slot} has {_admitted} items waiting, its limit: try again in {wait.TotalMilliseconds:F0} ms or add a device",
            wait);
    }

    private FewShotException Stopped() =>
        new(FewShotErrorCode.DeviceUnavailable, $"device {Slot} is stopping: send the request to another node");
}
