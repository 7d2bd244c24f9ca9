namespace FewShotCluster.Grains.Devices;

/// <summary>One line per kind, served oldest head first; removal from the middle costs nothing. Callers hold the worker's lock.</summary>
internal sealed class WorkQueue
{
    private readonly LinkedList<DeviceWork>[] _lines = [new(), new(), new()];

    public int Count => _lines.Sum(line => line.Count);

    /// <summary>The line whose head has waited longest, or null.</summary>
    public LinkedList<DeviceWork>? Next => _lines.Where(line => line.Count > 0).MinBy(line => line.First!.Value.EnqueuedAt);

    public LinkedListNode<DeviceWork> Add(DeviceWork work) => _lines[(int)work.Kind].AddLast(work);

    public static List<DeviceWork> Take(LinkedList<DeviceWork> line, int limit)
    {
        var batch = new List<DeviceWork>(Math.Min(limit, line.Count));
        while (batch.Count < limit && line.First is { } head)
        {
            line.RemoveFirst();
            batch.Add(head.Value);
        }
        return batch;
    }

    public List<DeviceWork> TakeAll() => [.. _lines.SelectMany(line => Take(line, int.MaxValue))];
}
