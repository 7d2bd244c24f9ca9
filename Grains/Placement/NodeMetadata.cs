using FewShotCluster.Grains.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace FewShotCluster.Grains.Placement;

/// <summary>What a silo publishes of itself: its name and its device slots.</summary>
internal static class NodeMetadata
{
    private const string NodeKey = "fewshot.node";
    private const string SlotsKey = "fewshot.slots";

    public static Dictionary<string, string> Of(FewShotNodeOptions options) => new()
    {
        [NodeKey] = options.NodeName,
        [SlotsKey] = string.Join(',', options.Slots),
    };

    public static string? NodeOf(SiloMetadata metadata) => metadata.Metadata.GetValueOrDefault(NodeKey);

    public static string[] SlotsOf(SiloMetadata metadata) =>
        metadata.Metadata.TryGetValue(SlotsKey, out var slots) ? slots.Split(',', StringSplitOptions.RemoveEmptyEntries) : [];
}
