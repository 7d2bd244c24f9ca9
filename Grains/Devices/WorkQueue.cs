namespace FewShotCluster.Grains.Devices;

/// <summary>Work that goes to the device now, and work that can no longer be done in time.</summary>
internal readonly record struct PickedWork(List<DeviceWork> Batch, List<DeviceWork> Late);

/// <summary>
/// Bounded and fair among class sets: who was given least of the device's time goes first (start-time fair queueing; Goyal, Vin, Cheng
/// 1996), by measured seconds, so that few refiner images weigh as much as many texts. Callers hold the worker's lock.
/// </summary>
internal sealed class WorkQueue(BatchTimes times, int limit)
{
    // A set may hold at most this many times the places left free (dynamic thresholds; Choudhury, Hahne 1998): one alone gets 8/9 of the
    // queue, and whoever comes beside a flood finds places.
    private const int PlacesPerFree = 8;

    // Keeps turns alternating before anything is measured.
    private const double SmallestCost = 1e-6;

    private readonly Dictionary<string, ClassSetLine> _lines = new(StringComparer.Ordinal);
    private readonly int[] _waiting = new int[3];
    private readonly int[] _admitted = new int[3];
    private double _served;

    /// <summary>Places taken: items admitted and not yet in a batch.</summary>
    public int Admitted => _admitted[0] + _admitted[1] + _admitted[2];

    /// <summary>Items that wait with their input.</summary>
    public int Waiting => _waiting[0] + _waiting[1] + _waiting[2];

    /// <summary>Most places that one set alone can hold.</summary>
    public static int Share(int limit) => Math.Min(limit, (limit * PlacesPerFree + PlacesPerFree) / (PlacesPerFree + 1));

    public bool IsFullFor(string classSet) =>
        Admitted >= limit || (_lines.TryGetValue(classSet, out var line) && line.Total >= PlacesPerFree * (limit - Admitted));

    /// <summary>Whether anything of a kind is admitted.</summary>
    public bool Has(WorkKind kind) => _admitted[(int)kind] > 0;

    /// <summary>Seconds of work that go before a new item of a set.</summary>
    public double Ahead(string classSet, WorkKind kind)
    {
        var own = _lines.TryGetValue(classSet, out var line) ? Cost(line) : 0;
        var turns = own + Cost(kind);
        return own + _lines.Values.Where(other => other != line).Sum(other => Math.Min(Cost(other), turns));
    }

    /// <summary>Seconds of all work.</summary>
    public double Backlog() => _lines.Values.Sum(Cost);

    public void Admit(DeviceWork work)
    {
        if (!_lines.TryGetValue(work.Owner.ClassSet, out var line)) _lines.Add(work.Owner.ClassSet, line = new ClassSetLine(_served));
        line.Admitted[(int)work.Kind]++;
        _admitted[(int)work.Kind]++;
    }

    /// <summary>Frees the place of an item that will not wait, or no longer.</summary>
    public void Release(DeviceWork work)
    {
        var line = _lines[work.Owner.ClassSet];
        if (work.Node.List is { } list)
        {
            list.Remove(work.Node);
            _waiting[(int)work.Kind]--;
        }
        line.Admitted[(int)work.Kind]--;
        _admitted[(int)work.Kind]--;
        if (line.Total == 0) _lines.Remove(work.Owner.ClassSet);
    }

    public void Add(DeviceWork work)
    {
        _lines[work.Owner.ClassSet].Waiting[(int)work.Kind].AddLast(work.Node);
        _waiting[(int)work.Kind]++;
    }

    /// <summary>
    /// The next batch, of one kind: as many as pay by the measured times, fewer where a larger batch would be over after a deadline in it.
    /// Items that would be late even alone are left out; if none else waits one of them runs, as only the device can correct a wrong measure.
    /// </summary>
    public PickedWork Take(double now)
    {
        List<DeviceWork> batch = [], late = [];
        if (Next(null) is not { Oldest: { } kind }) return new PickedWork(batch, late);
        var alone = now + times.Of(kind, 1);
        var take = times.Take(kind, _waiting[(int)kind]);
        while (batch.Count < take && Pick(kind) is { } work) (work.Owner.Deadline < alone ? late : batch).Add(work);
        if (batch.Count == 0 && late.Find(work => work.Owner.Deadline > now) is { } trial)
        {
            late.Remove(trial);
            batch.Add(trial);
        }
        while (batch.Count > 1 && batch.Min(work => work.Owner.Deadline) < now + times.Of(kind, batch.Count)) Cut(batch, times.Below(batch.Count));
        return new PickedWork(batch, late);
    }

    /// <summary>The largest number of one kind that waits.</summary>
    public int Longest() => _waiting.Max();

    /// <summary>When the item that has waited longest came.</summary>
    public double OldestSince() => _lines.Values.Min(line => line.Oldest is { } kind ? line.Waiting[(int)kind].First!.Value.EnqueuedAt : double.PositiveInfinity);

    /// <summary>Takes everything that waits; places of items that are being prepared stay taken until these give them back.</summary>
    public List<DeviceWork> TakeAll()
    {
        List<DeviceWork> all = [.. _lines.Values.SelectMany(line => line.Waiting).SelectMany(waiting => waiting)];
        foreach (var work in all) Release(work);
        return all;
    }

    private ClassSetLine? Next(WorkKind? kind)
    {
        ClassSetLine? next = null;
        foreach (var line in _lines.Values)
        {
            var waits = kind is { } one ? line.Waiting[(int)one].Count > 0 : line.Oldest is not null;
            if (waits && (next is null || line.Served < next.Served)) next = line;
        }
        return next;
    }

    private DeviceWork? Pick(WorkKind kind)
    {
        if (Next(kind) is not { } line) return null;
        var work = line.Waiting[(int)kind].First!.Value;
        _served = Math.Max(_served, line.Served);
        line.Served += Cost(kind);
        Release(work);
        return work;
    }

    private void Cut(List<DeviceWork> batch, int size)
    {
        for (var i = batch.Count - 1; i >= size; i--)
        {
            Admit(batch[i]);
            var line = _lines[batch[i].Owner.ClassSet];
            line.Served -= Cost(batch[i].Kind);
            line.Waiting[(int)batch[i].Kind].AddFirst(batch[i].Node);
            _waiting[(int)batch[i].Kind]++;
        }
        batch.RemoveRange(size, batch.Count - size);
    }

    private double Cost(WorkKind kind) => Math.Max(times.PerItem(kind), SmallestCost);

    private double Cost(ClassSetLine line)
    {
        var cost = 0.0;
        for (var kind = 0; kind < line.Admitted.Length; kind++)
        {
            if (line.Admitted[kind] > 0) cost += line.Admitted[kind] * Cost((WorkKind)kind);
        }
        return cost;
    }
}
