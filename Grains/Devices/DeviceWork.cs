namespace FewShotCluster.Grains.Devices;

/// <summary>Kinds of inference; a batch never mixes them.</summary>
internal enum WorkKind
{
    Image = 0,
    Text = 1,
    Refiner = 2,
}

/// <summary>
/// One image or text on its way through a device: first a place in the queue (admitted, its input is being prepared), then waiting with its
/// input, then in a batch. Times are seconds on the worker's clock.
/// </summary>
internal sealed class DeviceWork
{
    public DeviceWork(WorkKind kind, WorkOwner owner)
    {
        (Kind, Owner) = (kind, owner);
        Node = new LinkedListNode<DeviceWork>(this);
    }

    public WorkKind Kind { get; }

    public WorkOwner Owner { get; }

    /// <summary>Preprocessed pixels: one array per encoder, or one for the refiner.</summary>
    public byte[][] Planes { get; private set; } = [];

    public string Text { get; private set; } = "";

    public double EnqueuedAt { get; private set; }

    /// <summary>Its place in the line; in no list unless it waits.</summary>
    public LinkedListNode<DeviceWork> Node { get; }

    public CancellationTokenRegistration Cancellation { get; set; }

    /// <summary>Feature rows: one per encoder, or one of the refiner. Continuations never run on the device's thread.</summary>
    public TaskCompletionSource<float[][]> Rows { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Prepare(byte[][] planes, string text, double now) => (Planes, Text, EnqueuedAt) = (planes, text, now);
}
