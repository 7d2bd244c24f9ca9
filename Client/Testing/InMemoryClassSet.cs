using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Testing;

/// <summary>One class set of <see cref="InMemoryFewShotClient"/>: its versions, and the operations that made them.</summary>
internal sealed class InMemoryClassSet
{
    private readonly Lock gate = new();
    private readonly string id;
    private readonly Dictionary<string, (string Request, object Answer)> operations = new(StringComparer.Ordinal);
    private readonly Dictionary<FitKind, FitStatus> fits = [];
    private readonly HashSet<int> retired = [];
    private readonly List<(ClassSetVersionRecord Told, InMemoryContent Content)> history = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long change;

    public InMemoryClassSet(string id, InMemoryContent content, string words)
    {
        this.id = id;
        Publish(content, words);
    }

    public bool IsDeleted { get; private set; }

    private long Version => history[^1].Told.Version;

    private InMemoryContent Content => history[^1].Content;

    /// <summary>Does a write once; its repetition gets the first answer, another request with its id is a Conflict.</summary>
    /// <param name="operation">Null: not repeatable.</param>
    /// <param name="request">What is asked for, as words that tell requests apart.</param>
    /// <param name="write">The write, under the set's lock.</param>
    public T Once<T>(WriteOperation? operation, string request, Func<T> write)
        where T : notnull
    {
        lock (gate)
        {
            if (operation is not null && operations.TryGetValue(operation.Id, out var done))
                return done.Request == request && done.Answer is T same
                    ? same
                    : throw new FewShotException(FewShotErrorCode.Conflict, $"operation '{operation.Id}' was another write");
            if (operation?.ExpectedVersion is { } expected && expected != Version)
                throw new FewShotException(FewShotErrorCode.Conflict, $"class set '{id}' is at version {Version}, {expected} was expected");
            var result = write();
            if (operation is not null) operations[operation.Id] = (request, result);
            return result;
        }
    }

    /// <summary>Publishes a change of the content.</summary>
    public ClassSetVersion Write(WriteOperation? operation, string request, string words, Func<InMemoryContent, InMemoryContent> edit) =>
        Once(operation, request, () => Publish(edit(Content), words));

    public ClassSetVersion Remove(IReadOnlyList<string> names, WriteOperation? operation) => Write(
        operation, $"remove {string.Join('\n', names)}", $"{names.Count} names removed", content =>
        {
            var next = content.Without(names);
            retired.UnionWith(content.Classes.Except(next.Classes).Select(c => c.Id));
            return next;
        });

    public ClassSetVersion Add(IReadOnlyList<ClassDefinition> added, WriteOperation? operation) => Write(
        operation, $"add {string.Join('\n', added)}", $"{added.Count} names added", content => content.With(added, retired));

    public AddShotsResult AddShots(IReadOnlyList<Shot> added, WriteOperation? operation) => Once(
        operation, $"shots {string.Join('\n', added.Select(s => (s.ClassId, ContentKey.Of(s.Image))))}", () =>
        {
            var failed = new List<FailedInput>();
            var (content, duplicates) = (Content, 0);
            foreach (var shot in added)
            {
                content.Position(shot.ClassId);
                var record = new ShotRecord(shot.ClassId, ContentKey.Of(shot.Image));
                if (shot.Image.Length == 0) failed.Add(new FailedInput(shot.Source, FewShotErrorCode.InvalidImage, $"{shot.Source} is empty"));
                else if (content.Shots.Contains(record)) duplicates++;
                else content = content with { Shots = [.. content.Shots, record] };
            }
            var count = content.Shots.Length - Content.Shots.Length;
            if (count > 0) Publish(content, $"{count} shots added");
            return new AddShotsResult(Version, count, duplicates, failed);
        });

    public ShotsEdited Edit(string request, string words, WriteOperation? operation, Func<InMemoryContent, (InMemoryContent Next, int Count)> edit) =>
        Once(operation, request, () =>
        {
            var (next, count) = edit(Content);
            return new ShotsEdited(Publish(next, words).Version, count);
        });

    public ClassSetVersion Rollback(long version, WriteOperation? operation) => Write(
        operation, $"rollback {version}", $"rolled back to version {version}", content =>
        {
            if (version > Version) throw new FewShotException(FewShotErrorCode.VersionNotReached, $"'{id}' is at version {Version}");
            if (version == Version || version < 1) throw Invalid($"'{id}' cannot be rolled back to version {version}");
            var old = history[(int)version - 1].Content;
            retired.UnionWith(content.Classes.Select(c => c.Id));
            retired.ExceptWith(old.Classes.Select(c => c.Id));
            return old;
        });

    public void Delete(WriteOperation? operation) => Once(operation, "delete", () =>
    {
        IsDeleted = true;
        Moved();
        return true;
    });

    public FitStatus Fit(FitKind kind)
    {
        lock (gate)
            return fits[kind] = new FitStatus(kind, FitState.Published, 1, Publish(Content, $"fit of {kind}").Version, "in memory", 0);
    }

    public FitStatus Latest(FitKind kind)
    {
        lock (gate) return fits.GetValueOrDefault(kind) ?? new FitStatus(kind, FitState.None, 0, 0, "", 0);
    }

    public IReadOnlyList<ClassSetVersionRecord> History()
    {
        lock (gate) return [.. history.Select(entry => entry.Told)];
    }

    public (long Version, InMemoryContent Content) Published()
    {
        lock (gate) return (Version, Content);
    }

    /// <summary>The present state, and what completes at the next change.</summary>
    public (ClassSetProgress Now, Task Next) Progress()
    {
        lock (gate) return (new ClassSetProgress(change, history[^1].Told, [.. fits.Values]), changed.Task);
    }

    public ClassificationAnswer Classify(string? name, ClassifyOptions asked)
    {
        lock (gate)
        {
            if (asked.MinimumVersion > Version)
                throw new FewShotException(FewShotErrorCode.VersionNotReached, $"'{id}' is at version {Version}, {asked.MinimumVersion} was asked for");
            var classes = Content.Classes;
            if (classes.Length == 0) throw Invalid($"'{id}' has no classes");
            var first = classes.FirstOrDefault(c => c.Name == name) ?? classes[0];
            var ranked = classes.OrderBy(c => c == first ? 0 : 1).Take(asked.Top)
                .Select((c, rank) => new RankedClass(c.Id, c.Name, -rank, rank == 0 ? 1 : 0)).ToArray();
            return new ClassificationAnswer
            {
                ClassSetId = id,
                Version = Version,
                Stage = CascadeStage.Text,
                Top = ranked,
                Encoders = new Dictionary<string, string>(),
                CacheHit = false,
                Device = "memory",
                Timings = new StageTimings(0, 0, 0, 0, 0),
                Stages = asked.Explain == ExplainMode.None
                    ? []
                    : [new StageReport(CascadeStage.Text, ranked, ranked.Length > 1 ? 1 : 0, "in memory")],
            };
        }
    }

    public ClassSetDescription Describe()
    {
        lock (gate)
        {
            return new ClassSetDescription
            {
                ClassSetId = id,
                Version = Version,
                Classes = [.. Content.Classes.Select(c => c with { Shots = Content.ShotsOf(c.Id) })],
                Policy = Content.Policy,
                Serving = new Dictionary<string, string> { ["text"] = "in memory" },
                Fits = [.. fits.Values],
            };
        }
    }

    public ClassSetSummary Summary()
    {
        lock (gate) return new ClassSetSummary(id, Version, Content.Classes.Length, Content.Classes.Count(c => Content.ShotsOf(c.Id) > 0));
    }

    private ClassSetVersion Publish(InMemoryContent next, string words)
    {
        string[] before = history.Count == 0 ? [] : [.. Content.Classes.Select(c => c.Name)];
        string[] after = [.. next.Classes.Select(c => c.Name)];
        string[] added = [.. after.Except(before)];
        string[] removed = [.. before.Except(after)];
        var told = new ClassSetVersionRecord
        {
            Version = history.Count + 1,
            PublishedAt = DateTimeOffset.UnixEpoch,
            Operation = words,
            Added = added.Take(ClassSetVersionRecord.MaxNames).ToArray(),
            AddedCount = added.Length,
            Removed = removed.Take(ClassSetVersionRecord.MaxNames).ToArray(),
            RemovedCount = removed.Length,
        };
        history.Add((told, next));
        Moved();
        return new ClassSetVersion(id, told.Version);
    }

    private void Moved()
    {
        change++;
        var waiting = changed;
        changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.TrySetResult();
    }

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, message);
}
