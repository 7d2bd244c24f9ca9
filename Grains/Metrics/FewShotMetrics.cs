using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Grains.Classification;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.Metrics;

/// <summary>The node's one meter, <c>FewShotCluster</c>. Times in seconds; class names are never labels.</summary>
internal sealed class FewShotMetrics
{
    public const string MeterName = "FewShotCluster";

    // A label value per class set: bounded, so that a tenant who creates sets cannot grow the metrics without end.
    private const int MaxLabelledClassSets = 1000;

    // Enums are named once: their ToString takes an allocation each time.
    private static readonly string[] StageNames = Enum.GetNames<CascadeStage>();
    private static readonly string[] PartNames = [.. Enum.GetNames<RequestStage>().Select(name => name.ToLowerInvariant())];

    private readonly ConcurrentDictionary<string, DeviceWorker> _workers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long Version, int Fitted)> _served = new(StringComparer.Ordinal);
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _requestSeconds;
    private readonly Histogram<double> _stageSeconds;
    private readonly Histogram<int> _batchSize;
    private readonly Histogram<double> _queueWait;
    private readonly Counter<long> _cacheLookups;
    private readonly Histogram<double> _fitSeconds;
    private readonly Histogram<double> _storageSeconds;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _faults;
    private readonly Counter<long> _restarts;
    private int _active;

    public FewShotMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("fewshot.requests", "{request}", "Classifications by outcome and answering stage.");
        _requestSeconds = meter.CreateHistogram<double>("fewshot.request.duration", "s", "Time of a classification on its silo.");
        _stageSeconds = meter.CreateHistogram<double>("fewshot.stage.duration", "s", "Time of one part of a classification.");
        _batchSize = meter.CreateHistogram<int>("fewshot.batch.size", "{item}", "Items in a batch.");
        _queueWait = meter.CreateHistogram<double>("fewshot.queue.wait", "s", "Time from queue to batch.");
        _cacheLookups = meter.CreateCounter<long>("fewshot.cache.lookups", "{lookup}", "Feature-cache lookups.");
        _fitSeconds = meter.CreateHistogram<double>("fewshot.fit.duration", "s", "Time of a background fit.");
        _storageSeconds = meter.CreateHistogram<double>("fewshot.storage.duration", "s", "Time of a call to the store of class sets.");
        _refused = meter.CreateCounter<long>("fewshot.device.refused", "{item}", "Items that a device did not take: full, deadline, unavailable.");
        _dropped = meter.CreateCounter<long>("fewshot.device.dropped", "{item}", "Items that left a queue before the device: cancelled, late.");
        _faults = meter.CreateCounter<long>("fewshot.device.faults", "{fault}", "Failures of a device, each with a quarantine.");
        _restarts = meter.CreateCounter<long>("fewshot.device.restarts", "{restart}", "Times that a failed device took work again.");
        meter.CreateObservableGauge("fewshot.queue.length", QueueLengths, "{item}", "Items admitted and not yet in a batch.");
        meter.CreateObservableGauge("fewshot.device.running", Running, "{item}", "Items in the batch that runs.");
        meter.CreateObservableGauge("fewshot.device.state", States, "{device}", "1 for the state that a device is in.");
        meter.CreateObservableGauge("fewshot.requests.active", () => Volatile.Read(ref _active), "{request}", "Classifications under way on this silo.");
        meter.CreateObservableGauge("fewshot.device.info", DeviceInfos, "{device}", "1 for each device: its number format, kernels and threads.");
        meter.CreateObservableGauge("fewshot.class_set.version", Versions, "{version}", "Version that this silo serves.");
        meter.CreateObservableGauge(
            "fewshot.class_set.fitted", Fitted, "{class}", "Classes with fitted proxies in the version that this silo serves; 0: text.");
    }

    public void Watch(DeviceWorker worker) => _workers[worker.Slot] = worker;

    public void Forget(DeviceWorker worker) => _workers.TryRemove(worker.Slot, out _);

    /// <summary>A classification begins; <see cref="Request"/> ends it.</summary>
    public void RequestBegins() => Interlocked.Increment(ref _active);

    /// <param name="outcome"><c>ok</c>, <c>cancelled</c>, or the name of an error code.</param>
    /// <param name="stage">The stage that answered; null where none did.</param>
    /// <param name="elapsed">Time on this silo.</param>
    public void Request(string outcome, CascadeStage? stage, TimeSpan elapsed)
    {
        Interlocked.Decrement(ref _active);
        var labelOutcome = Label("outcome", outcome);
        _requests.Add(1, labelOutcome, Label("stage", stage is { } answered ? StageNames[(int)answered] : "none"));
        _requestSeconds.Record(elapsed.TotalSeconds, labelOutcome);
    }

    public void Stage(RequestStage stage, TimeSpan elapsed) => _stageSeconds.Record(elapsed.TotalSeconds, Label("stage", PartNames[(int)stage]));

    public void Batch(int items, WorkKind kind) => _batchSize.Record(items, Label("kind", kind.ToString()));

    /// <param name="reason"><c>full</c>, <c>deadline</c> or <c>unavailable</c>.</param>
    public void Refused(string reason) => _refused.Add(1, Label("reason", reason));

    /// <param name="reason"><c>cancelled</c> or <c>late</c>.</param>
    public void Dropped(string reason) => _dropped.Add(1, Label("reason", reason));

    public void DeviceFault(string slot) => _faults.Add(1, Label("device", slot));

    public void DeviceRestart(string slot) => _restarts.Add(1, Label("device", slot));

    public void QueueWait(TimeSpan elapsed, WorkKind kind) => _queueWait.Record(elapsed.TotalSeconds, Label("kind", kind.ToString()));

    public void CacheLookup(string cache, bool hit) => _cacheLookups.Add(1, Label("cache", cache), Label("result", hit ? "hit" : "miss"));

    public void Fit(FitKind kind, FitState outcome, TimeSpan elapsed) =>
        _fitSeconds.Record(elapsed.TotalSeconds, Label("kind", kind.ToString()), Label("outcome", outcome.ToString()));

    /// <param name="operation"><c>head</c>, <c>blocks</c>, <c>commit</c> or <c>list</c>.</param>
    /// <param name="outcome"><c>ok</c>, <c>cancelled</c>, or the name of an error code.</param>
    /// <param name="elapsed">Its time.</param>
    public void Storage(string operation, string outcome, TimeSpan elapsed) =>
        _storageSeconds.Record(elapsed.TotalSeconds, Label("operation", operation), Label("outcome", outcome));

    public void Serving(ClassSetSnapshot snapshot)
    {
        if (_served.Count < MaxLabelledClassSets || _served.ContainsKey(snapshot.ClassSetId))
            _served[snapshot.ClassSetId] = (snapshot.Version, snapshot.Encoders.FirstOrDefault()?.FittedClasses.Length ?? 0);
    }

    public void NoLongerServing(string classSetId) => _served.TryRemove(classSetId, out _);

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);

    private IEnumerable<Measurement<int>> QueueLengths() =>
        _workers.Values.Select(worker => new Measurement<int>(worker.QueueLength, Label("device", worker.Slot)));

    private IEnumerable<Measurement<int>> Running() =>
        _workers.Values.Select(worker => new Measurement<int>(worker.Running, Label("device", worker.Slot)));

    private IEnumerable<Measurement<int>> States() =>
        _workers.Values.Select(worker => new Measurement<int>(1, Label("device", worker.Slot), Label("state", worker.State.ToString())));

    private IEnumerable<Measurement<int>> DeviceInfos() =>
        from worker in _workers.Values
        where worker.Ready.IsCompletedSuccessfully
        let models = worker.Models
        select new Measurement<int>(
            1,
            Label("device", worker.Slot),
            Label("dtype", models.Dtype),
            Label("kernels", models.Kernels),
            Label("threads", worker.Threads.ToString(CultureInfo.InvariantCulture)));

    private IEnumerable<Measurement<long>> Versions() =>
        _served.Select(entry => new Measurement<long>(entry.Value.Version, Label("class_set", entry.Key)));

    private IEnumerable<Measurement<int>> Fitted() =>
        _served.Select(entry => new Measurement<int>(entry.Value.Fitted, Label("class_set", entry.Key)));
}
