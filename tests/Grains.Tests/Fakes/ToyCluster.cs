using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace FewShotCluster.Grains.Tests.Fakes;

/// <summary>Silos with toy models over one SQLite file in a folder of their own.</summary>
internal sealed class ToyCluster : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;
    private readonly bool _ownsDirectory;

    private ToyCluster(
        InProcessTestCluster cluster, string directory, bool ownsDirectory, Dictionary<string, ToyModels> models, FailingStore?[] stores)
    {
        (_cluster, Directory, _ownsDirectory, Models) = (cluster, directory, ownsDirectory, models);
        Store = stores[0]!;
    }

    public string Directory { get; }

    /// <summary>The toy models of each node.</summary>
    public Dictionary<string, ToyModels> Models { get; }

    public ToyEncoder Encoder => Models.Values.First().Encoder;

    /// <summary>The first node's device slot.</summary>
    public string Device => $"{Models.Keys.First()}/cpu:0";

    public FailingStore Store { get; }

    public IGrainFactory Grains => _cluster.Client;

    public InProcessTestCluster Cluster => _cluster;

    public IServiceProvider Services => _cluster.GetSiloServiceProvider(_cluster.Silos[0].SiloAddress);

    public static async Task<ToyCluster> Start(
        string? directory = null, short silos = 1, Action<FewShotNodeOptions>? configure = null, Func<string, ToyModels>? models = null)
    {
        var folder = directory ?? System.IO.Directory.CreateTempSubdirectory("fewshot-grains-").FullName;
        var all = new Dictionary<string, ToyModels>();
        var stores = new FailingStore?[1];
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((specific, silo) =>
        {
            var options = new FewShotNodeOptions { NodeName = specific.SiloName, DataDirectory = folder, RefinerViews = 2 };
            options.ThreadsPerDevice = 1;
            // Toys count what they encode.
            options.WarmUpTime = TimeSpan.Zero;
            configure?.Invoke(options);
            var toy = models?.Invoke(options.NodeName) ?? new ToyModels();
            lock (all) all[options.NodeName] = toy;
            silo.Services.AddSingleton<Grains.Devices.IDeviceModelSource>(toy);
            silo.Services.AddSingleton<IClassSetStore>(provider => stores[0] ??= new FailingStore(
                new SqliteClassSetStore(folder, provider.GetRequiredService<HeadCodec>())));
            silo.AddFewShotGrains(options);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        _ = cluster.GetSiloServiceProvider(cluster.Silos[0].SiloAddress).GetRequiredService<IClassSetStore>();
        return new ToyCluster(cluster, folder, directory is null, all, stores);
    }

    public IClassSetGrain Set(string id = "colours") => Grains.GetGrain<IClassSetGrain>(id);

    public IEncoderGrain Slot(string slot) => Grains.GetGrain<IEncoderGrain>(slot);

    public Task<ClassSetVersion> Create(ClassSetPolicy? policy = null, params string[] names) => Set().Create(
        new ClassSetDefinition { Classes = names.Select(name => new ClassDefinition(name)).ToArray(), Policy = policy ?? new() },
        "create",
        default);

    public Task<ClassificationAnswer> Classify(
        byte[] image, long minimumVersion = 0, ExplainMode explain = ExplainMode.Route, bool learn = true,
        CancellationToken cancellationToken = default) =>
        Grains.GetGrain<IClassificationGrain>(0).Classify(
            new ClassifyRequest
            {
                ClassSetId = "colours",
                Image = image,
                MinimumVersion = minimumVersion,
                Explain = explain,
                Learn = learn,
            },
            cancellationToken);

    public async Task<FitStatus> Fit(FitKind kind)
    {
        var status = await Set().StartFit(kind);
        while (status.State.IsPending()) status = await Set().WaitForFit(kind, default);
        return status;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var toy in Models.Values) toy.Encoder.Gate.Set();
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
        if (_ownsDirectory) System.IO.Directory.Delete(Directory, true);
    }
}
