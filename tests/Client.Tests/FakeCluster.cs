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

    /// <summary>The versions that writes expected.</summary>
    public List<long?> Expected { get; } = [];

    public List<FitRequest> FitRequests { get; } = [];

    /// <summary>Validation photos: key and number of each call.</summary>
    public List<(string Key, int Count)> Staged { get; } = [];

    public FakeArchive Archive { get; } = new();

    public Func<long, ClassSetProgress> OnWatch { get; set; } = _ => throw new NotSupportedException();

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

    public Task<ClassSetVersion> Create(ClassSetDefinition definition, WriteOperation operation, CancellationToken cancellationToken) =>
        Write(operation);

    public Task<ClassSetVersion> Delete(WriteOperation operation, CancellationToken cancellationToken) => Write(operation);

    public Task<ClassSetVersion> AddClasses(
        IReadOnlyList<ClassDefinition> classes, WriteOperation operation, CancellationToken cancellationToken) => Write(operation);

    public Task<ClassSetVersion> RemoveClasses(IReadOnlyList<string> names, WriteOperation operation, CancellationToken cancellationToken) =>
        Write(operation);

    public Task<ClassSetVersion> RenameClass(
        string name, string newName, string? newPrompt, WriteOperation operation, CancellationToken cancellationToken) => Write(operation);

    public Task<ClassSetVersion> Rollback(long version, WriteOperation operation, CancellationToken cancellationToken) => Write(operation);

    public Task<AddShotsResult> AddShots(IReadOnlyList<Shot> shots, WriteOperation operation, CancellationToken cancellationToken)
    {
        Operations.Add(operation.Id);
        Expected.Add(operation.ExpectedVersion);
        ShotCalls.Add(shots);
        return OnShots(shots);
    }

    public async Task<ShotsEdited> RemoveShots(ShotSelection selection, WriteOperation operation, CancellationToken cancellationToken) =>
        new((await Write(operation)).Version, 1);

    public async Task<ShotsEdited> MoveShots(IReadOnlyList<ShotMove> moves, WriteOperation operation, CancellationToken cancellationToken) =>
        new((await Write(operation)).Version, moves.Count);

    public Task<IReadOnlyList<ShotRecord>> ListShots() => Task.FromResult<IReadOnlyList<ShotRecord>>([]);

    public Task<IReadOnlyList<ClassSetVersionRecord>> GetHistory() => Task.FromResult<IReadOnlyList<ClassSetVersionRecord>>([]);

    public Task<ClassSetArchive> Export() => Task.FromResult(Archive.Told);

    public Task<byte[]> ReadArray(long version, string name, long offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Archive.Arrays[name][(int)offset..((int)offset + count)]);

    public Task<ArchiveArray[]> BeginImport(byte[] manifest, WriteOperation operation, CancellationToken cancellationToken)
    {
        Operations.Add(operation.Id);
        Archive.Incoming.Clear();
        return Task.FromResult(Archive.Told.Arrays);
    }

    public Task WriteArray(string operationId, string name, long offset, byte[] bytes)
    {
        Archive.OnWrite();
        Archive.Incoming[name] = [.. Archive.Incoming.GetValueOrDefault(name, []), .. bytes];
        return Task.CompletedTask;
    }

    public Task<ClassSetVersion> EndImport(WriteOperation operation, CancellationToken cancellationToken) => Write(operation);

    public Task<AddShotsResult> StageValidation(string key, IReadOnlyList<Shot> shots, CancellationToken cancellationToken)
    {
        Staged.Add((key, shots.Count));
        return OnShots(shots);
    }

    public Task<FitStatus> StartFit(FitRequest request)
    {
        FitRequests.Add(request);
        return Task.FromResult(OnStartFit());
    }

    public Task<FitStatus> CancelFit(FitKind kind, CancellationToken cancellationToken) => Task.FromResult(OnWaitForFit());

    public Task<ClassSetProgress> WaitForProgress(long change, CancellationToken cancellationToken) => Task.FromResult(OnWatch(change));

    public Task<FitStatus> WaitForFit(FitKind kind, CancellationToken cancellationToken) => Task.FromResult(OnWaitForFit());

    public Task<ClassSetDescription> Describe() => Task.FromResult(OnDescribe());

    public ValueTask<SnapshotUpdate?> GetIfNewer(long haveVersion) => throw new NotSupportedException();

    public Task<long> WaitForNewer(long haveVersion, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<ClassSetSummary>> List(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ClassSetSummary>>([]);

    public Task<ClusterStatus> GetStatus(CancellationToken cancellationToken) => Task.FromResult(new ClusterStatus([], [], []));

    public Task<string[]> WaitForLoss(string[] silos, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static FewShotException Overloaded(TimeSpan? after = null) => new(FewShotErrorCode.Overloaded, "full", after);

    private Task<ClassSetVersion> Write(WriteOperation operation)
    {
        Operations.Add(operation.Id);
        Expected.Add(operation.ExpectedVersion);
        return OnWrite();
    }

    /// <summary>What is exported, and what an import sent.</summary>
    internal sealed class FakeArchive
    {
        public ClassSetArchive Told { get; set; } = new(1, [], []);

        public Dictionary<string, byte[]> Arrays { get; } = [];

        public Dictionary<string, byte[]> Incoming { get; } = [];

        public Action OnWrite { get; set; } = () => { };
    }
}
