using FewShotCluster.Client.Connection;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;
using Microsoft.Extensions.Time.Testing;

namespace FewShotCluster.Client.Tests;

/// <summary>Grains whose answers the test writes down; counts what the SDK called.</summary>
internal sealed class FakeCluster : IClusterConnection, IClassSetGrain, IClassSetCatalogGrain, IClassificationGrain, IClusterStatusGrain
{
    public static readonly ClassSetDescription Set = new()
    {
        ClassSetId = "pets",
        Version = 7,
        Classes = [],
        Policy = new ClassSetPolicy(),
        Serving = new Dictionary<string, string>(),
        Fits = [],
    };

    public static readonly ClassificationAnswer Answer = new()
    {
        ClassSetId = "pets",
        Version = 1,
        Stage = CascadeStage.Text,
        Top = [],
        Encoders = new Dictionary<string, string>(),
        CacheHit = false,
        Device = "fake",
        Timings = new StageTimings(0, 0, 0, 0, 0),
    };

    public FakeTimeProvider Time { get; } = new();

    public int Connects { get; private set; }

    public List<string> Operations { get; } = [];

    public List<ClassifyRequest> Classified { get; } = [];

    public List<IReadOnlyList<Shot>> ShotCalls { get; } = [];

    public Func<CancellationToken, Task> OnConnect { get; set; } = _ => Task.CompletedTask;

    public Func<ClassifyRequest, CancellationToken, Task<ClassificationAnswer>> OnClassify { get; set; } = (_, _) => Task.FromResult(Answer);

    public Func<Task<ClassSetVersion>> OnWrite { get; set; } = () => Task.FromResult(new ClassSetVersion("pets", 2));

    public Func<IReadOnlyList<Shot>, Task<AddShotsResult>> OnShots { get; set; } =
        shots => Task.FromResult(new AddShotsResult(2, shots.Count, 0, []));

    public Func<FitStatus> OnStartFit { get; set; } = () => throw new NotSupportedException();

    public Func<FitStatus> OnWaitForFit { get; set; } = () => throw new NotSupportedException();

    public Func<ClassSetDescription> OnDescribe { get; set; } = () => Set;

    public string Description => "gateway fake:1";

    public CancellationToken NextLoss { get; set; }

    public FewShotClient Client(Action<FewShotClientOptions>? configure = null)
    {
        var options = new FewShotClientOptions();
        configure?.Invoke(options);
        return new FewShotClient(this, options, Time);
    }

    /// <summary>Lets fake time pass, in steps, until the call is over.</summary>
    public async Task<T> Finish<T>(Task<T> call, TimeSpan? step = null)
    {
        while (!call.IsCompleted)
        {
            Time.Advance(step ?? TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }
        return await call;
    }

    public async ValueTask EnsureConnectedAsync(CancellationToken cancellationToken)
    {
        Connects++;
        await OnConnect(cancellationToken);
    }

    public IClassSetGrain ClassSet(string id) => this;

    public IClassSetCatalogGrain Catalog() => this;

    public IClassificationGrain Classification() => this;

    public IClusterStatusGrain Status() => this;

    public Task<ClassificationAnswer> Classify(ClassifyRequest request, CancellationToken cancellationToken)
    {
        lock (Classified) Classified.Add(request);
        return OnClassify(request, cancellationToken);
    }

    public Task<ClassSetVersion> Create(ClassSetDefinition definition, string operationId, CancellationToken cancellationToken) => Write(operationId);

    public Task<ClassSetVersion> AddClasses(IReadOnlyList<ClassDefinition> classes, string operationId, CancellationToken cancellationToken) =>
        Write(operationId);

    public Task<AddShotsResult> AddShots(IReadOnlyList<Shot> shots, string operationId, CancellationToken cancellationToken)
    {
        Operations.Add(operationId);
        ShotCalls.Add(shots);
        return OnShots(shots);
    }

    public Task<FitStatus> StartFit(FitKind kind) => Task.FromResult(OnStartFit());

    public Task<FitStatus> WaitForFit(FitKind kind, CancellationToken cancellationToken) => Task.FromResult(OnWaitForFit());

    public Task<ClassSetDescription> Describe() => Task.FromResult(OnDescribe());

    public ValueTask<ClassSetSnapshot?> GetIfNewer(long haveVersion) => throw new NotSupportedException();

    public Task<long> WaitForNewer(long haveVersion, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<ClassSetSummary>> List(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ClassSetSummary>>([]);

    public Task<ClusterStatus> GetStatus(CancellationToken cancellationToken) => Task.FromResult(new ClusterStatus([], [], []));

    public Task<string[]> WaitForLoss(string[] silos, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static FewShotException Overloaded(TimeSpan? after = null) => new(FewShotErrorCode.Overloaded, "full", after);

    private Task<ClassSetVersion> Write(string operationId)
    {
        Operations.Add(operationId);
        return OnWrite();
    }
}
