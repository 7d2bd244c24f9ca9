using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>The fits of one set: one runs, the others wait in the order of their asking. Used from the grain's turns alone.</summary>
internal sealed class FitQueue
{
    private const int MaxWaiting = 8;

    private readonly List<FitRun> _pending = [];
    private readonly Dictionary<FitKind, FitRun> _latest = [];

    /// <summary>Whether none runs or waits.</summary>
    public bool IsIdle => _pending.Count == 0;

    /// <summary>The latest fit of each kind.</summary>
    public FitStatus[] Statuses => [.. _latest.OrderBy(pair => pair.Key).Select(pair => pair.Value.Status)];

    /// <summary>The fit whose turn it is; null: none waits.</summary>
    public FitRun? First => _pending.FirstOrDefault();

    public FitRun? Latest(FitKind kind) => _latest.GetValueOrDefault(kind);

    /// <summary>The fits of a kind that have not ended.</summary>
    public FitRun[] Pending(FitKind kind) => [.. _pending.Where(run => run.Kind == kind)];

    /// <summary>
    /// A fit that was asked for likewise and has not ended: a repetition is told of it. One without wishes is content with any of its kind.
    /// </summary>
    public FitRun? Find(FitRequest request) => _pending.LastOrDefault(run =>
        run.Asked.Request == request || (request == new FitRequest(request.Kind) && run.Kind == request.Kind));

    /// <exception cref="FewShotException">LimitExceeded: too many wait.</exception>
    public void CheckRoom()
    {
        if (_pending.Count > MaxWaiting)
            throw new FewShotException(
                FewShotErrorCode.LimitExceeded, $"{_pending.Count} fits of this set wait already: let them end, or cancel them");
    }

    /// <summary>Puts a fit at the end of the line; true when it is its turn at once.</summary>
    public bool Add(FitRun run)
    {
        _pending.Add(run);
        _latest[run.Kind] = run;
        return _pending.Count == 1;
    }

    /// <summary>Takes a fit that has ended, or will not begin, out of the line.</summary>
    public void Remove(FitRun run) => _pending.Remove(run);
}
