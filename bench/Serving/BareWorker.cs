using System.Diagnostics.Metrics;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace FewShotCluster.Bench.Serving;

/// <summary>A device worker as a silo has it, in this process and without a silo around it.</summary>
internal sealed class BareWorker : IDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public BareWorker(IDeviceModelSource models, FewShotNodeOptions options) => Worker = new DeviceWorker(
        "cpu:0", models, options, TimeProvider.System, new FewShotMetrics(services.GetRequiredService<IMeterFactory>()), NullLogger.Instance);

    public DeviceWorker Worker { get; }

    /// <summary>Waits until the networks are loaded.</summary>
    public Task<DeviceModels> StartAsync() => Worker.Start();

    /// <summary>One image through queue, batch and networks.</summary>
    /// <param name="planes">Its preprocessed pixels, for each encoder.</param>
    /// <param name="cancellationToken">Takes it out of the queue.</param>
    public Task<float[][]> EncodeAsync(byte[][] planes, CancellationToken cancellationToken) =>
        Worker.Enqueue(Worker.Admit(WorkKind.Image, WorkOwner.Anyone), planes, "", cancellationToken);

    public void Dispose()
    {
        Worker.Dispose();
        services.Dispose();
    }
}
