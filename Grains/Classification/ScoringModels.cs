using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.Classification;

/// <summary>The packed model of each snapshot: built once, gone with it; from the last one of its set, as far as they are the same.</summary>
internal sealed class ScoringModels
{
    private const int MostKnown = 1024;

    private readonly ConditionalWeakTable<ClassSetSnapshot, Lazy<ScoringModel>> _models = [];
    private readonly ConcurrentDictionary<string, WeakReference<ScoringModel>> _last = new(StringComparer.Ordinal);

    public ScoringModel Of(ClassSetSnapshot snapshot) =>
        _models.GetValue(snapshot, key => new Lazy<ScoringModel>(() => Build(key))).Value;

    private ScoringModel Build(ClassSetSnapshot snapshot)
    {
        var before = _last.TryGetValue(snapshot.ClassSetId, out var known) && known.TryGetTarget(out var model) ? model : null;
        var next = new ScoringModel(snapshot, before);
        _last[snapshot.ClassSetId] = new WeakReference<ScoringModel>(next);
        // Sets that are gone leave an empty reference behind: few bytes, and no more of them than there were sets.
        if (_last.Count > MostKnown) Prune();
        return next;
    }

    private void Prune()
    {
        foreach (var (id, reference) in _last)
        {
            if (!reference.TryGetTarget(out _)) _last.TryRemove(new KeyValuePair<string, WeakReference<ScoringModel>>(id, reference));
        }
    }
}
