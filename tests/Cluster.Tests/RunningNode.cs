using FewShotCluster.Cluster.Tests.Processes;

namespace FewShotCluster.Cluster.Tests;

/// <summary>One node for the tests of a class; each uses class sets of its own. Null fields while the models are not there.</summary>
public sealed class RunningNode : IAsyncLifetime
{
    internal TemporaryFolder Folder { get; } = new();

    internal ServerProcess Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await ServerProcess.StartAsync(Folder["data"]);

    public async ValueTask DisposeAsync()
    {
        if (Server is not null) await Server.DisposeAsync();
        Folder.Dispose();
    }
}
