using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Errors;
using TorchSharp;

namespace FewShotCluster.Grains.Devices;

/// <content>The life of a device: loaded and warmed up, serving, quarantined after a fault, started anew, stopped.</content>
internal sealed partial class DeviceWorker
{
    // A restart is waited for: what is large is met under load.
    private static readonly TimeSpan RestartWarmUp = TimeSpan.FromSeconds(2);

    private volatile DeviceModels? _models;
    private double _loadSeconds;
    private string _lastFault = "";
    private long _faults;
    private double _restartAt;

    /// <summary>The networks that serve now; those of before the fault while the device is quarantined.</summary>
    public DeviceModels Models => _models ?? throw new InvalidOperationException("not loaded yet");

    public long Faults => Volatile.Read(ref _faults);

    public string LastFault
    {
        get
        {
            lock (_gate) return _lastFault;
        }
    }

    private void Run()
    {
        // Per thread and inherited at creation: before the first kernel.
        torch.set_num_threads(Threads);
        try
        {
            var start = Now;
            _models = Load(_options.WarmUpTime);
            lock (_gate) _loadSeconds = Now - start;
        }
        catch (Exception e)
        {
            LogLoadFailed(_log, e, Slot);
            Abandon(DeviceState.Stopped);
            _ready.SetException(VisionErrors.Translate(e, FewShotErrorCode.ModelUnavailable));
            return;
        }
        if (Activate()) _ready.SetResult(_models);
        else _ready.SetException(Stopping());
        for (var models = _models; models is not null;)
        {
            var fault = Serve(models);
            if (fault is not null) Quarantine(fault);
            Release(models);
            models = fault is null ? null : Restart(models);
        }
        Abandon(DeviceState.Stopped);
    }

    /// <exception cref="Exception">What kept the networks from loading or from running.</exception>
    private DeviceModels Load(TimeSpan warmUp)
    {
        var models = _source.Load(_device);
        try
        {
            if (warmUp > TimeSpan.Zero) WarmUp.Run(models, _times, warmUp, _time);
            return models;
        }
        catch
        {
            models.Dispose();
            throw;
        }
    }

    private bool Activate()
    {
        lock (_gate)
        {
            if (_state == DeviceState.Stopped) return false;
            _state = DeviceState.Active;
            _backOff.Serving();
            return true;
        }
    }

    private void Quarantine(DeviceFaultException fault)
    {
        LogFault(_log, fault, Slot, fault.Message);
        lock (_gate)
        {
            _lastFault = fault.Message;
            _restartAt = Now + _backOff.AfterFault().TotalSeconds;
            _faults++;
            // With the count: whoever reads both must not see a device that failed and takes work.
            if (_state != DeviceState.Stopped) _state = DeviceState.Quarantined;
        }
        _metrics.DeviceFault(Slot);
        Abandon(DeviceState.Quarantined);
    }

    /// <summary>Loads the networks anew, however often that takes; null: the worker stops.</summary>
    private DeviceModels? Restart(DeviceModels served)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_state != DeviceState.Stopped) Await(TimeSpan.FromSeconds(_restartAt - Now), () => true);
                if (_state == DeviceState.Stopped) return null;
            }
            try
            {
                var models = Same(Load(_options.WarmUpTime < RestartWarmUp ? _options.WarmUpTime : RestartWarmUp), served);
                _models = models;
                if (!Activate())
                {
                    Release(models);
                    return null;
                }
                LogRestarted(_log, Slot, Faults);
                _metrics.DeviceRestart(Slot);
                return models;
            }
            catch (Exception e)
            {
                LogRestartFailed(_log, e, Slot, DeviceFaultException.FirstLine(e.Message));
                lock (_gate)
                {
                    _lastFault = DeviceFaultException.FirstLine(e.Message);
                    _restartAt = Now + _backOff.Next().TotalSeconds;
                }
            }
        }
    }

    // Features of other weights are not comparable: caches, pools and class sets of this node belong to the first ones.
    private static DeviceModels Same(DeviceModels loaded, DeviceModels served)
    {
        if (loaded.Encoders.Select(e => e.Info.Digest).SequenceEqual(served.Encoders.Select(e => e.Info.Digest))
            && loaded.Refiner?.Info.Digest == served.Refiner?.Info.Digest) return loaded;
        loaded.Dispose();
        throw new FewShotException(FewShotErrorCode.ModelUnavailable, "the models folder has changed since the node started: restart the node");
    }

    private void Release(DeviceModels models)
    {
        try
        {
            models.Dispose();
        }
        catch (Exception e)
        {
            // A failed device may not even free its memory.
            LogReleaseFailed(_log, e, Slot);
        }
    }

    /// <summary>Takes no more work; what waits fails, and can be done elsewhere.</summary>
    private void Abandon(DeviceState state)
    {
        List<DeviceWork> left;
        List<SlicedWork> fits;
        FewShotException reason;
        lock (_gate)
        {
            if (_state != DeviceState.Stopped) _state = state;
            left = _queue.TakeAll();
            fits = [.. _fits];
            _fits.Clear();
            _injected = null;
            _comesFromBatch = false;
            reason = _state == DeviceState.Stopped ? Stopping() : Unavailable();
        }
        foreach (var work in left)
        {
            work.Cancellation.Unregister();
            work.Rows.TrySetException(reason);
        }
        foreach (var fit in fits) fit.Abandon(reason);
    }

    private FewShotException Stopping() =>
        new(FewShotErrorCode.DeviceUnavailable, $"device {Slot} is stopping: send the request to another node");
}
