namespace FewShotCluster.Grains.Devices;

/// <summary>Kinds of inference; a batch never mixes them.</summary>
internal enum WorkKind
{
    Image = 0,
    Text = 1,
    Refiner = 2,
}

/// <summary>One image or text waiting for a device.</summary>
internal sealed class DeviceWork(WorkKind kind, byte[][] planes, string text, long enqueuedAt)
{
    public WorkKind Kind { get; } = kind;

    /// <summary>Preprocessed pixels: one array per encoder, or one for the refiner.</summary>
    public byte[][] Planes { get; } = planes;

    public string Text { get; } = text;

    public long EnqueuedAt { get; } = enqueuedAt;

    public CancellationTokenRegistration Cancellation { get; set; }

    /// <summary>Feature rows: one per encoder, or one of the refiner. Continuations never run on the device's thread.</summary>
    public TaskCompletionSource<float[][]> Rows { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
