using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>Which fit of one set is due without anybody asking: shots that nobody has fitted, a pool that is worth a refit.</summary>
internal sealed class AutomaticFits(IGrainFactory grains, SlotRouter router, TimeProvider time)
{
    private readonly RefitTrigger _trigger = new(time);
    private long _attempted = -1;

    /// <summary>Null: none. A fit that is named here counts as attempted.</summary>
    public async Task<FitKind?> Due(ClassSetState state, CancellationToken cancellationToken)
    {
        if (state.Policy.Proxies != ProxyPolicy.Automatic) return null;
        var isProbed = state.Encoders[0].ProbeClasses.Length > 0 && state.Encoders[0].ProbeShotsChanged == state.ShotsChanged;
        if (state.SeenClasses.Length > 0 && !isProbed && state.ShotsChanged != _attempted)
        {
            _attempted = state.ShotsChanged;
            return FitKind.Shots;
        }
        if (!state.Policy.LearnFromTraffic) return null;
        var images = 0;
        foreach (var slot in router.Slots)
            images += (await grains.GetGrain<IEncoderGrain>(slot.Name).ReadPool(state.ClassSetId, 0, 0, cancellationToken)).Total;
        if (_trigger.Due(images, state.Classes.Length, ProxiesFit.Rules(state.Policy)) is null) return null;
        _trigger.Attempted(images, state.Classes.Length);
        return FitKind.Proxies;
    }
}
