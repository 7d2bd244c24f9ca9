namespace FewShotCluster.Grains.Devices;

/// <summary>The work of one class set at a device: a line per kind, and how much of the device's time it has had.</summary>
internal sealed class ClassSetLine(double served)
{
    /// <summary>Waiting work by kind, oldest first.</summary>
    public LinkedList<DeviceWork>[] Waiting { get; } = [new(), new(), new()];

    /// <summary>Admitted and not yet in a batch, by kind; the waiting ones included.</summary>
    public int[] Admitted { get; } = new int[3];

    public int Total => Admitted[0] + Admitted[1] + Admitted[2];

    /// <summary>Seconds of the device that it was given, on the queue's scale: a newcomer starts where the others are.</summary>
    public double Served { get; set; } = served;

    /// <summary>The kind of the item that has waited longest; null: none waits.</summary>
    public WorkKind? Oldest
    {
        get
        {
            WorkKind? oldest = null;
            var since = double.PositiveInfinity;
            for (var kind = 0; kind < Waiting.Length; kind++)
            {
                if (Waiting[kind].First is not { } head || head.Value.EnqueuedAt >= since) continue;
                (oldest, since) = ((WorkKind)kind, head.Value.EnqueuedAt);
            }
            return oldest;
        }
    }
}
