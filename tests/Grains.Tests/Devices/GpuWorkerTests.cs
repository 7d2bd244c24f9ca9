using System.Diagnostics.Metrics;
using System.Numerics.Tensors;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Metrics;
using FewShotCluster.TestSupport;
using FewShotCluster.Vision.Adaptation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using static TorchSharp.torch;

namespace FewShotCluster.Grains.Tests.Devices;

/// <summary>A worker that owns a GPU: many callers at once while a fit runs between their batches, and a restart.</summary>
public sealed class GpuWorkerTests : IDisposable
{
    private const int Pictures = 40;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FewShotNodeOptions _options = new()
    {
        ModelsDirectory = Path.Combine(ReferenceData.RepositoryRoot, "models", "demo"),
        MaxBatch = 8,
        RestartDelay = TimeSpan.FromMilliseconds(1),
    };

    [Fact]
    public async Task Gives_what_a_processor_gives_beside_a_fit_and_after_a_restart()
    {
        Assert.SkipUnless(cuda.is_available(), "no CUDA device, or a libtorch without CUDA");
        using var gpu = Worker("cuda:0");
        using var cpu = Worker("cpu:0");
        var models = await gpu.Start();
        Assert.Equal((await cpu.Start()).Encoders.Select(e => e.Info.Digest), models.Encoders.Select(e => e.Info.Digest));
        var pictures = Enumerable.Range(0, Pictures).Select(i => models.Encoders.Select(e => Noise(e.Info.Resolution, i)).ToArray()).ToArray();
        var expected = await EncodeAll(cpu, pictures);

        var world = new SyntheticClip(seed: 5, classes: 20, size: 64);
        var images = world.DrawEven(20).Features.to(ScalarType.Float32);
        var runner = new DeviceFitRunner(gpu);
        var fitting = runner.Run(
            () => new InmapFit(images.to(runner.Device), world.Text.to(ScalarType.Float32).to(runner.Device), InmapOptions.Paper),
            result => result.Proxies.cpu().DetachFromDisposeScope(), _ => { }, default);
        Close(expected, await EncodeAll(gpu, pictures));
        using (var proxies = await fitting)
        using (var here = InmapFit.Fit(images, world.Text.to(ScalarType.Float32), InmapOptions.Paper)) Golden.Close(here.Proxies, proxies, 1e-3);

        gpu.InjectFault("pulled out");
        while (gpu.Faults == 0 || gpu.State != DeviceState.Active) await Task.Yield();
        Close(expected, await EncodeAll(gpu, pictures));
    }

    public void Dispose() => _services.Dispose();

    private DeviceWorker Worker(string device) => new(
        device, new ManifestModelSource(_options), _options, TimeProvider.System,
        new FewShotMetrics(_services.GetRequiredService<IMeterFactory>()), NullLogger.Instance);

    private static Task<float[][][]> EncodeAll(DeviceWorker worker, byte[][][] pictures) =>
        Task.WhenAll(pictures.Select(planes => worker.Enqueue(worker.Admit(WorkKind.Image, WorkOwner.Anyone), planes, "", default)));

    private static void Close(float[][][] expected, float[][][] actual)
    {
        foreach (var (one, other) in expected.SelectMany(rows => rows).Zip(actual.SelectMany(rows => rows)))
            Assert.InRange(TensorPrimitives.CosineSimilarity<float>(one, other), 0.999f, 1.001f);
    }

    private static byte[] Noise(int side, int seed)
    {
        var planes = new byte[3 * side * side];
        new Random(seed).NextBytes(planes);
        return planes;
    }
}
