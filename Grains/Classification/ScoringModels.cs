using System.Runtime.CompilerServices;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.Classification;

/// <summary>The packed model of each snapshot: built once, gone with it.</summary>
internal sealed class ScoringModels
{
    private readonly ConditionalWeakTable<ClassSetSnapshot, Lazy<ScoringModel>> _models = [];

    public ScoringModel Of(ClassSetSnapshot snapshot) =>
        _models.GetValue(snapshot, key => new Lazy<ScoringModel>(() => new ScoringModel(key))).Value;
}
