using FewShotCluster.GrainInterfaces.Classification;

namespace FewShotCluster.Cli.Batches;

/// <summary>A figure of each stage of the cascade, of the photos that it answered.</summary>
internal sealed record PerStage<T>(T Text, T Proxies, T Probe, T Refiner)
{
    public static PerStage<T> Of(Func<CascadeStage, T> figure) => new(
        figure(CascadeStage.Text), figure(CascadeStage.Proxies), figure(CascadeStage.Probe), figure(CascadeStage.Refiner));
}
