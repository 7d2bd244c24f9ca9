using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>What scoring needs of a state; arrays are shared, not copied.</summary>
internal static class SnapshotBuilder
{
    public static ClassSetSnapshot Build(ClassSetState state)
    {
        var snapshot = Assemble(state);
        return snapshot with { Digest = SnapshotDigest.Of(snapshot) };
    }

    private static ClassSetSnapshot Assemble(ClassSetState state) => new()
    {
        ClassSetId = state.ClassSetId,
        Version = state.Version,
        Classes = [.. state.Classes.Select(c => new ClassEntry(c.Id, c.Name, c.Family, c.Shots > 0))],
        Encoders = [.. state.Encoders.Select(encoder => Head(encoder, state.Policy.Proxies != ProxyPolicy.Off))],
        Refiner = state.Refiner is not { } refiner
            ? null
            : new RefinerHead
            {
                Family = refiner.Family,
                Digest = refiner.Backbone.Digest,
                Dimension = refiner.Backbone.Dimension,
                Classes = refiner.Classes,
                Weights = refiner.Weights.Bytes!,
                Bias = refiner.Bias.Bytes!,
            },
        LearnFromTraffic = state.Policy.LearnFromTraffic,
        Gate = state.Policy.Gate,
        Calibration = state.Calibration,
        ProxyBasis = state.ProxyBasis,
    };

    private static EncoderHead Head(EncoderState encoder, bool servesProxies) => new()
    {
        Encoder = encoder.Info.Name,
        Digest = encoder.Info.Digest,
        Dimension = encoder.Info.Dimension,
        LogitScale = encoder.Info.LogitScale,
        ProxyShare = encoder.ProxyShare,
        ProbeShare = encoder.ProbeShare,
        TextProxies = encoder.TextProxies.Bytes!,
        FittedClasses = servesProxies ? encoder.FittedClasses : [],
        Proxies = servesProxies ? encoder.Proxies.Bytes! : MatrixBytes.Empty,
        GateClasses = encoder.GateClasses,
        GateProxies = encoder.GateProxies.Bytes!,
        ProbeClasses = encoder.ProbeClasses,
        ProbeWeights = encoder.ProbeWeights.Bytes!,
        ProbeBias = encoder.ProbeBias.Bytes!,
        ProbeAlpha = encoder.ProbeAlpha.Bytes!,
    };
}
