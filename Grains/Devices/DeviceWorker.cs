using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using Microsoft.Extensions.Logging;
using TorchSharp;

namespace FewShotCluster.Grains.Devices;

/// <summary>
/// One dedicated thread that owns one device: a bounded, fair queue in front, micro-batches of one kind, background fits as slices between
/// batches. A device that fails is quarantined and started anew. This file is what callers meet.
/// </summary>
internal sealed partial class DeviceWorker : IDisposable
{
    // Of the time left, what the device may plan with: the rest is for decoding, for the way back and for measures that are off. In an
    // overload every item that is taken is taken at this bound, and would be answered right at its deadline without it.
    private const double PlannedShare = 0.8;

    private readonly object _gate = new();
    private readonly BatchTimes _times;
    private readonly WorkQueue _queue;
    private readonly Queue<SlicedWork> _fits = new();
    private readonly TaskCompletionSource<DeviceModels> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private readonly IDeviceModelSource _source;
    private readonly string _device;
    private readonly FewShotNodeOptions _options;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly FewShotMetrics _metrics;
    private readonly ILogger _log;
    private readonly BatchRunner _runner;
    private readonly RestartBackOff _backOff;
    private volatile DeviceState _state = DeviceState.Starting;
    private bool _started;

    public DeviceWorker(
        string device, IDeviceModelSource source, FewShotNodeOptions options, TimeProvider time, FewShotMetrics metrics, ILogger log)
    {
        (_device, _source, _options, _time, _metrics, _log) = (device, source, options, time, metrics, log);
        _start = time.GetTimestamp();
        Slot = $"{options.NodeName}/{device}";
        _times = new BatchTimes(options.MaxBatch);
        _queue = new WorkQueue(_times, options.QueueLimit);
        _runner = new BatchRunner(Slot, _times, time, metrics, log);
        _backOff = new RestartBackOff(options.RestartDelay, time);
        _thread = new Thread(Run) { IsBackground = true, Name = $"device {Slot}" };
        metrics.Watch(this);
    }

    public string Slot { get; }

    public torch.Device Device => torch.device(_device);

    /// <summary>The networks once loaded; fails with what kept them from loading.</summary>
    public Task<DeviceModels> Ready => _ready.Task;

    public DeviceState State => _state;

    /// <summary>Items admitted and not yet in a batch.</summary>
    public int QueueLength
    {
        get
        {
            lock (_gate) return _queue.Admitted;
        }
    }

    /// <summary>Items in the batch that runs.</summary>
    public int Running => Volatile.Read(ref _running);

    public int QueueLimit => _options.QueueLimit;

    /// <summary>Threads of one computation: all for latency, fewer where several devices share the processor.</summary>
    public int Threads => _options.ThreadsPerDevice > 0
        ? _options.ThreadsPerDevice
        : Math.Max(1, Environment.ProcessorCount / _options.Devices.Count);

    public long Batches => _runner.Batches;

    public long Encoded => _runner.Encoded;

    /// <summary>Seconds since the worker was made: the clock of deadlines.</summary>
    private double Now => _time.GetElapsedTime(_start).TotalSeconds;

    public Task<DeviceModels> Start()
    {
        lock (_gate)
        {
            if (!_started && _state != DeviceState.Stopped) _thread.Start();
            _started = true;
        }
        return Ready;
    }

    /// <summary>An origin on this worker's clock; as early as possible after its call arrived.</summary>
    public WorkOwner Owner(WorkOrigin origin) =>
        new(origin.ClassSetId, origin.TimeLeft is { } left ? Now + left.TotalSeconds : double.PositiveInfinity);

    /// <summary>Takes one place in the queue, before any work is put into an item's input.</summary>
    /// <exception cref="FewShotException">
    /// Overloaded or DeviceUnavailable, with the time after which trying again makes sense; DeadlineExceeded: the device is too slow for it.
    /// </exception>
    public DeviceWork Admit(WorkKind kind, WorkOwner owner)
    {
        lock (_gate)
        {
            if (_state != DeviceState.Active) throw Refused("unavailable", Unavailable());
            if (owner.Deadline <= Now) throw Refused("deadline", TooLate(kind));
            if (_queue.IsFullFor(owner.ClassSet)) throw Refused("full", Full());
            // A measure is believed only while work of its kind is on its way: nothing else would ever correct it.
            if (_queue.Has(kind) || (_running > 0 && _runningKind == kind)) CheckTime(kind, owner);
            var work = new DeviceWork(kind, owner);
            _queue.Admit(work);
            return work;
        }
    }

    /// <summary>Gives an admitted place back when its item never reached the queue.</summary>
    public void Withdraw(DeviceWork work)
    {
        lock (_gate) _queue.Release(work);
    }

    /// <summary>Queues an admitted item; its place is free again once it is in a batch or was cancelled.</summary>
    public Task<float[][]> Enqueue(DeviceWork work, byte[][] planes, string text, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_state != DeviceState.Active || cancellationToken.IsCancellationRequested)
            {
                _queue.Release(work);
                if (_state != DeviceState.Active) throw Refused("unavailable", Unavailable());
                return Task.FromCanceled<float[][]>(cancellationToken);
            }
            work.Prepare(planes, text, Now);
            _queue.Add(work);
            work.Cancellation = cancellationToken.UnsafeRegister((_, token) => Drop(work, token), null);
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
            if (_state != DeviceState.Active) throw Refused("unavailable", Unavailable());
            _fits.Enqueue(fit);
            Monitor.Pulse(_gate);
        }
        return fit.Completion;
    }

    /// <summary>Makes the device fail after the running batch.</summary>
    /// <exception cref="FewShotException">DeviceUnavailable: it is down already.</exception>
    public void InjectFault(string reason)
    {
        lock (_gate)
        {
            if (_state != DeviceState.Active) throw Unavailable();
            _injected = new DeviceFaultException(reason);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Stops after the running batch; what is queued fails. Blocks for that long: not for grain turns.</summary>
    public void Dispose()
    {
        bool started;
        lock (_gate)
        {
            if (_state == DeviceState.Stopped) return;
            _state = DeviceState.Stopped;
            started = _started;
            Monitor.PulseAll(_gate);
        }
        if (started) _thread.Join();
        _metrics.Forget(this);
    }

    private void CheckTime(WorkKind kind, WorkOwner owner)
    {
        var left = PlannedShare * (owner.Deadline - Now);
        var alone = _times.Of(kind, 1);
        var ahead = RunningLeft + _queue.Ahead(owner.ClassSet, kind);
        if (ahead + alone <= left) return;
        throw alone > left ? Refused("deadline", TooLate(kind)) : Refused("deadline", Busy(ahead, owner.Deadline - Now));
    }

    private void Drop(DeviceWork work, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (work.Node.List is null) return;
            _queue.Release(work);
        }
        _metrics.Dropped("cancelled");
        work.Rows.TrySetCanceled(cancellationToken);
    }
}
