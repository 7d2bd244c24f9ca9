namespace FewShotCluster.Silo.Hosting;

/// <summary>
/// Whether the node wants traffic: models warm and silo active (a silo becomes active only after its models are loaded), until
/// the node is told to stop. Then readiness fails first, load balancers get time to notice, and only then anything stops.
/// </summary>
internal sealed class NodeReadiness(ILocalSiloDetails silo, IClusterMembershipService membership, NodeSettings settings, TimeProvider time)
    : IHostedLifecycleService
{
    private volatile bool draining;

    /// <summary>Null when ready; otherwise why not.</summary>
    public string? Reason()
    {
        if (draining) return "draining";
        var status = membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress);
        return status == SiloStatus.Active ? null : $"the silo is {status}";
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        draining = true;
        await Task.Delay(settings.DrainDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
