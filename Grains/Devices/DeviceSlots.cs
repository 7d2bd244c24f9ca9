using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace FewShotCluster.Grains.Devices;

/// <summary>One device of this silo with what it serves.</summary>
internal sealed record DeviceSlot(DeviceWorker Worker, SlotEncoders Encoders, SlotRefiner? Refiner)
{
    public string Name => Worker.Slot;

    public DeviceStatus Status => new()
    {
        Slot = Name,
        Encoders = Refiner is null ? Encoders.Infos : [.. Encoders.Infos, Refiner.Info],
        Dtype = Worker.Models.Dtype,
        Kernels = Worker.Models.Kernels,
        Threads = Worker.Threads,
        QueueLength = Worker.QueueLength,
        QueueLimit = Worker.QueueLimit,
        Encoded = Worker.Encoded,
        Batches = Worker.Batches,
        CacheHits = Encoders.CacheHits + (Refiner?.CacheHits ?? 0),
        CacheMisses = Encoders.CacheMisses + (Refiner?.CacheMisses ?? 0),
        State = Worker.State,
        Faults = Worker.Faults,
        LastFault = Worker.LastFault,
        Running = Worker.Running,
    };
}

/// <summary>The devices of this silo: their models are loaded before the silo joins, their threads stopped after it left.</summary>
internal sealed class DeviceSlots(
    FewShotNodeOptions options,
    IDeviceModelSource models,
    DecodePool decoding,
    TimeProvider time,
    FewShotMetrics metrics,
    ILoggerFactory logs)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly Dictionary<string, DeviceSlot> _slots = new(StringComparer.Ordinal);

    public IReadOnlyCollection<DeviceSlot> All => _slots.Values;

    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(DeviceSlots), ServiceLifecycleStage.RuntimeStorageServices, Start, Stop);

    /// <exception cref="FewShotException">DeviceUnavailable: the slot is another node's.</exception>
    public DeviceSlot Get(string slot) => Find(slot)
        ?? throw new FewShotException(
            FewShotErrorCode.DeviceUnavailable, $"this node has no device slot '{slot}'; it has {string.Join(", ", _slots.Keys)}");

    public DeviceSlot? Find(string slot) => _slots.GetValueOrDefault(slot);

    /// <summary>The working device of this silo with the shortest queue: where its background fits run.</summary>
    public DeviceSlot LeastBusy() =>
        _slots.Values.MinBy(slot => slot.Worker.State == DeviceState.Active ? slot.Worker.QueueLength : int.MaxValue)!;

    private async Task Start(CancellationToken cancellationToken)
    {
        foreach (var device in options.Devices)
        {
            var worker = new DeviceWorker(device, models, options, time, metrics, logs.CreateLogger<DeviceWorker>());
            var loaded = await worker.Start().WaitAsync(cancellationToken);
            var encoders = new SlotEncoders(worker, decoding, options, metrics, time, loaded.Encoders);
            var refiner = loaded.Refiner is null ? null : new SlotRefiner(worker, decoding, options, metrics, loaded.Refiner.Info);
            _slots.Add(worker.Slot, new DeviceSlot(worker, encoders, refiner));
        }
    }

    private Task Stop(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            foreach (var slot in _slots.Values) slot.Worker.Dispose();
        },
        CancellationToken.None);
}
