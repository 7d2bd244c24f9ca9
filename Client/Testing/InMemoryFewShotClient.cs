using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Testing;

/// <summary>
/// A cluster in memory, for unit tests of programs that use <see cref="IFewShotClient"/>: class sets, versions, operation ids and
/// failures behave as in a cluster; what is on a photo is said by a function. No network, no models, no clock.
/// </summary>
/// <param name="recognise">The name of the class on a photo; it answers first, the others follow in their order. Null: the first class.</param>
public sealed class InMemoryFewShotClient(Func<ReadOnlyMemory<byte>, string?>? recognise = null) : IFewShotClient
{
    private readonly ConcurrentDictionary<string, InMemoryClassSet> sets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ContentKey, string> answers = new();
    private readonly ConcurrentQueue<Exception> failures = new();

    /// <summary>Fixes the answer for one photo (by content), before the function is asked.</summary>
    public void Answer(ReadOnlyMemory<byte> image, string className) => answers[ContentKey.Of(image.Span)] = className;

    /// <summary>Makes the next call fail so; several queue up.</summary>
    public void FailNext(Exception failure) => failures.Enqueue(failure);

    /// <inheritdoc/>
    public Task<ClassSetVersion> CreateClassSetAsync(
        string classSetId, ClassSetDefinition definition, string? operationId = null, CancellationToken cancellationToken = default) => Call(
        () =>
        {
            if (string.IsNullOrWhiteSpace(classSetId)) throw new FewShotException(FewShotErrorCode.InvalidArgument, "the class set's id is empty");
            var created = new InMemoryClassSet(classSetId, definition, operationId);
            var kept = sets.GetOrAdd(classSetId, created);
            if (kept != created && (operationId is null || kept.CreatedBy != operationId))
                throw new FewShotException(FewShotErrorCode.Conflict, $"class set '{classSetId}' exists already");
            return new ClassSetVersion(classSetId, 1);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<ClassSetVersion> AddClassesAsync(
        string classSetId, IReadOnlyList<ClassDefinition> classes, string? operationId = null, CancellationToken cancellationToken = default) =>
        Call(() => new ClassSetVersion(classSetId, Find(classSetId).AddClasses(classes, operationId)), cancellationToken);

    /// <inheritdoc/>
    public Task<AddShotsResult> AddShotsAsync(
        string classSetId, IReadOnlyList<Shot> shots, string? operationId = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default) => Call(
        () =>
        {
            var result = Find(classSetId).AddShots(shots, operationId);
            progress?.Report(new ShotsProgress(shots.Count, shots.Count, result.Failed.Count));
            return result;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task<AddShotsResult> AddShotsAsync(
        string classSetId, IAsyncEnumerable<Shot> shots, string? operationId = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        await AddShotsAsync(classSetId, await shots.ToListAsync(cancellationToken), operationId, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<FitStatus> FitAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default) =>
        Fit(classSetId, FitKind.Shots, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<FitStatus> RefineAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default) =>
        Fit(classSetId, FitKind.Proxies, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<ClassificationAnswer> ClassifyAsync(
        string classSetId, ReadOnlyMemory<byte> image, ClassifyOptions? options = null, CancellationToken cancellationToken = default) => Call(
        () =>
        {
            var asked = options ?? new ClassifyOptions();
            asked.Check();
            PayloadLimits.CheckImage(image.Length);
            var name = answers.TryGetValue(ContentKey.Of(image.Span), out var known) ? known : recognise?.Invoke(image);
            return Find(classSetId).Classify(name, asked);
        },
        cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ClassifyOutcome> ClassifyManyAsync(
        string classSetId, IAsyncEnumerable<ClassifyItem> images, ClassifyOptions? options = null, int concurrency = 16,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var item in images.WithCancellation(cancellationToken))
        {
            ClassifyOutcome outcome;
            try
            {
                outcome = new(item.Source, await ClassifyAsync(classSetId, item.Image, options, cancellationToken), null);
            }
            catch (FewShotException e)
            {
                outcome = new(item.Source, null, e);
            }
            yield return outcome;
        }
    }

    /// <inheritdoc/>
    public Task<ClassSetDescription> DescribeAsync(string classSetId, CancellationToken cancellationToken = default) =>
        Call(() => Find(classSetId).Describe(), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClassSetSummary>> ListAsync(CancellationToken cancellationToken = default) => Call(Summaries, cancellationToken);

    /// <inheritdoc/>
    public Task<ClusterStatus> GetStatusAsync(CancellationToken cancellationToken = default) =>
        Call(
            () => new ClusterStatus([new NodeStatus("memory", "in-process", "Active", [])], [], Summaries())
            {
                Storage = new StorageStatus("memory", Available: true, Durable: false, "gone with the process"),
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private IReadOnlyList<ClassSetSummary> Summaries() => [.. sets.Values.Select(s => s.Summary()).OrderBy(s => s.ClassSetId, StringComparer.Ordinal)];

    private InMemoryClassSet Find(string classSetId) => sets.TryGetValue(classSetId, out var set)
        ? set
        : throw new FewShotException(FewShotErrorCode.ClassSetNotFound, $"no class set '{classSetId}'");

    private Task<FitStatus> Fit(string classSetId, FitKind kind, IProgress<FitStatus>? progress, CancellationToken cancellationToken) => Call(
        () =>
        {
            var status = Find(classSetId).Fit(kind);
            progress?.Report(status);
            return status;
        },
        cancellationToken);

    // Failures come out of the task, as they do from a cluster.
    private async Task<T> Call<T>(Func<T> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (failures.TryDequeue(out var failure)) throw failure;
        return await Task.FromResult(call());
    }
}
