using FewShotCluster.Demo.Classes;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary>Encoded photos that trials send: pictures of the demo's world.</summary>
internal static class TrialPhotos
{
    public static List<byte[]> Drawn() => [.. DemoClasses.All.SelectMany(c => Enumerable.Range(0, 2).Select(i => DemoPictures.Pool(c, i, 1)))];
}
