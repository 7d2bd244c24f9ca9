namespace FewShotCluster.Grains.Devices;

/// <summary>For whom a device works, on this silo's clock.</summary>
/// <param name="ClassSet">The class set that asks; empty: none in particular.</param>
/// <param name="Deadline">Seconds on the device worker's clock after which nobody waits; infinity: no limit.</param>
internal readonly record struct WorkOwner(string ClassSet, double Deadline)
{
    /// <summary>Nobody in particular, without a limit.</summary>
    public static WorkOwner Anyone { get; } = new("", double.PositiveInfinity);
}
