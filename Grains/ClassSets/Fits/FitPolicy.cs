using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>The policy that one fit goes by.</summary>
internal static class FitPolicy
{
    /// <summary>The set's, or with the preset that the fit was asked for with.</summary>
    public static ClassSetPolicy Of(ClassSetPolicy policy, FitRequest request) => request.Preset switch
    {
        null => policy,
        FitPreset.Seed => policy with { ProbePreset = ProbePreset.Seed, InmapPreset = InmapPreset.Seed },
        _ => policy with { ProbePreset = ProbePreset.Paper, InmapPreset = InmapPreset.Paper },
    };
}
