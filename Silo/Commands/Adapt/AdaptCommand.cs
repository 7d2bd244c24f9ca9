using System.CommandLine;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary><c>fewshotd adapt</c>: the adaptation methods on features from files, without a cluster.</summary>
internal static class AdaptCommand
{
    public static Command Create() => new("adapt", "Learns proxies or a probe from features in .npy files.")
    {
        AdaptInmap.Create(), AdaptOnZeta.Create(), AdaptProbe.Create(), AdaptStream.Create(),
    };
}
