using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FewShotCluster.Client.Archives;
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
        string classSetId, ClassSetDefinition definition, WriteOperation? operation = null, CancellationToken cancellationToken = default) =>
        Call(() => Create(classSetId, InMemoryContent.Of(definition), "created", operation), cancellationToken);

    /// <inheritdoc/>
    public Task<ClassSetVersion> DeleteClassSetAsync(
        string classSetId, WriteOperation? operation = null, CancellationToken cancellationToken = default) => Call(
        () =>
        {
            var set = Find(classSetId);
            set.Delete(operation);
            sets.TryRemove(new KeyValuePair<string, InMemoryClassSet>(classSetId, set));
            return new ClassSetVersion(classSetId, set.Published().Version + 1);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<ClassSetVersion> AddClassesAsync(
        string classSetId, IReadOnlyList<ClassDefinition> classes, WriteOperation? operation = null, CancellationToken cancellationToken = default) =>
        Call(() => Find(classSetId).Add(classes, operation), cancellationToken);

    /// <inheritdoc/>
    public Task<ClassSetVersion> RemoveClassesAsync(
        string classSetId, IReadOnlyList<string> names, WriteOperation? operation = null, CancellationToken cancellationToken = default) =>
        Call(() => Find(classSetId).Remove(names, operation), cancellationToken);

    /// <inheritdoc/>
    public Task<ClassSetVersion> RenameClassAsync(
        string classSetId, string name, string newName, string? newPrompt = null, WriteOperation? operation = null,
        CancellationToken cancellationToken = default) => Call(
        () => Find(classSetId).Write(
            operation, $"rename {name}\n{newName}\n{newPrompt}", $"'{name}' renamed to '{newName}'", content => content.Renamed(name, newName)),
        cancellationToken);

    /// <inheritdoc/>
    public Task<AddShotsResult> AddShotsAsync(
        string classSetId, IReadOnlyList<Shot> shots, WriteOperation? operation = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default) => Call(
        () =>
        {
            var result = Find(classSetId).AddShots(shots, operation);
            progress?.Report(new ShotsProgress(shots.Count, shots.Count, result.Failed.Count));
            return result;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task<AddShotsResult> AddShotsAsync(
        string classSetId, IAsyncEnumerable<Shot> shots, WriteOperation? operation = null, IProgress<ShotsProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        await AddShotsAsync(classSetId, await shots.ToListAsync(cancellationToken), operation, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<ShotsEdited> RemoveShotsAsync(
        string classSetId, ShotSelection selection, WriteOperation? operation = null, CancellationToken cancellationToken = default) => Call(
        () => Find(classSetId).Edit(
            $"remove shots {string.Join(',', selection.ClassIds)} {string.Join(',', selection.Keys)}", "shots removed", operation,
            content => content.Without(selection)),
        cancellationToken);

    /// <inheritdoc/>
    public Task<ShotsEdited> MoveShotsAsync(
        string classSetId, IReadOnlyList<ShotMove> moves, WriteOperation? operation = null, CancellationToken cancellationToken = default) => Call(
        () => Find(classSetId).Edit(
            $"move {string.Join('\n', moves)}", $"{moves.Count} shots relabelled", operation, content => content.Moved(moves)),
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ShotRecord>> ListShotsAsync(string classSetId, CancellationToken cancellationToken = default) =>
        Call<IReadOnlyList<ShotRecord>>(() => Find(classSetId).Published().Content.Shots, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ClassSetVersionRecord>> GetHistoryAsync(string classSetId, CancellationToken cancellationToken = default) =>
        Call(() => Find(classSetId).History(), cancellationToken);

    /// <inheritdoc/>
    public Task<ClassSetVersion> RollbackAsync(
        string classSetId, long version, WriteOperation? operation = null, CancellationToken cancellationToken = default) =>
        Call(() => Find(classSetId).Rollback(version, operation), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>The file is one for this double alone: names and shots, no arrays.</remarks>
    public async Task<ClassSetVersion> ExportClassSetAsync(
        string classSetId, Stream destination, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var (version, content) = await Call(() => Find(classSetId).Published(), cancellationToken);
        var archive = new ClassSetArchive(version, InMemoryManifest.Write(classSetId, content), []);
        await new ArchiveWriter(destination).WriteAsync(archive, (_, _, _) => Task.FromResult<byte[]>([]), progress, cancellationToken);
        progress?.Report(1);
        return new ClassSetVersion(classSetId, version);
    }

    /// <inheritdoc/>
    public async Task<ClassSetVersion> ImportClassSetAsync(
        Stream source, string? classSetId = null, WriteOperation? operation = null, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using var file = await ArchiveFile.OpenAsync(source, cancellationToken);
        var id = classSetId ?? file.ClassSetId;
        var version = await Call(() => Create(id, InMemoryManifest.Read(file.Manifest), $"imported from '{file.ClassSetId}'", operation), cancellationToken);
        progress?.Report(1);
        return version;
    }

    /// <inheritdoc/>
    public Task<FitStatus> FitAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default) =>
        Fit(classSetId, FitKind.Shots, progress, cancellationToken);

    /// <inheritdoc/>
    public async Task<FitStatus> FitAsync(
        string classSetId, FitOptions options, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default)
    {
        if (options.Validation is { } validation)
        {
            var sent = await validation.ToListAsync(cancellationToken);
            options.ValidationProgress?.Report(new ShotsProgress(sent.Count, sent.Count, 0));
        }
        return await Fit(classSetId, FitKind.Shots, progress, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<FitStatus> RefineAsync(string classSetId, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default) =>
        Fit(classSetId, FitKind.Proxies, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<FitStatus> RefineAsync(
        string classSetId, FitPreset preset, IProgress<FitStatus>? progress = null, CancellationToken cancellationToken = default) =>
        Fit(classSetId, FitKind.Proxies, progress, cancellationToken);

    /// <inheritdoc/>
    public Task<FitStatus> CancelFitAsync(string classSetId, FitKind kind, CancellationToken cancellationToken = default) =>
        Call(() => Find(classSetId).Latest(kind), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ClassSetProgress> WatchAsync(
        string classSetId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var (now, next) = await Call(() => Find(classSetId).Progress(), cancellationToken);
            yield return now;
            await next.WaitAsync(cancellationToken);
        }
    }

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

    private ClassSetVersion Create(string classSetId, InMemoryContent content, string words, WriteOperation? operation)
    {
        if (string.IsNullOrWhiteSpace(classSetId)) throw new FewShotException(FewShotErrorCode.InvalidArgument, "the class set's id is empty");
        var created = new InMemoryClassSet(classSetId, content, words);
        var kept = sets.GetOrAdd(classSetId, created);
        // A repetition finds its own first answer in the set that is there.
        return kept.Once(
            kept == created && operation is not null ? operation with { ExpectedVersion = null } : operation,
            $"create {string.Join('\n', content.Classes.Select(c => c.Name))}",
            () => kept == created
                ? new ClassSetVersion(classSetId, 1)
                : throw new FewShotException(FewShotErrorCode.Conflict, $"class set '{classSetId}' exists already"));
    }

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
