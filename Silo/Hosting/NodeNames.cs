using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Silo.Hosting;

/// <summary>Node names are the first half of device slots: two nodes of one name would take each other's work.</summary>
internal static class NodeNames
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Passes once no other living node has the name. One that was killed is waited out, until the cluster has declared it dead.</summary>
    /// <exception cref="FewShotException">InvalidArgument: the name is another's.</exception>
    public static async Task CheckAsync(IServiceProvider services, NodeSettings settings, CancellationToken cancellationToken)
    {
        var (membership, own, time) = (services.GetRequiredService<IClusterMembershipService>(),
            services.GetRequiredService<ILocalSiloDetails>().SiloAddress, services.GetRequiredService<TimeProvider>());
        // Twice what it takes to declare a silo dead.
        var patience = 6 * settings.NodeOptions.ProbeTimeout;
        for (var start = time.GetTimestamp(); ;)
        {
            var other = membership.CurrentSnapshot.Members.Values.FirstOrDefault(
                member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(own) && member.Name == settings.NodeOptions.NodeName);
            if (other is null) return;
            if (time.GetElapsedTime(start) > patience)
                throw new FewShotException(
                    FewShotErrorCode.InvalidArgument,
                    $"--node '{settings.NodeOptions.NodeName}' is the name of a running node at {other.SiloAddress.Endpoint}: give each node its own");
            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}
