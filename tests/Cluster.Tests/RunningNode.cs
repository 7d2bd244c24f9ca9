using FewShotCluster.Cluster.Tests.Processes;

namespace FewShotCluster.Cluster.Tests;

/// <summary>One node for the tests of a class; each uses class sets of its own. Tests skip at the first use while the models are not there.</summary>
public sealed class RunningNode : IAsyncLifetime
{
    private ServerProcess? server;

    internal TemporaryFolder Folder { get; } = new();

    internal ServerProcess Server
    {
        get
        {
            Programs.DemoModels();
            return server!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        // A fixture cannot skip, only its tests can.
        if (Programs.HasDemoModels) server = await ServerProcess.StartAsync(Folder["data"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        Folder.Dispose();
    }
}
