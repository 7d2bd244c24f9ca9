using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Testing;

/// <summary>One class set of <see cref="InMemoryFewShotClient"/>.</summary>
internal sealed class InMemoryClassSet
{
    private readonly Lock gate = new();
    private readonly string id;
    private readonly ClassSetPolicy policy;
    private readonly List<ClassDescription> classes = [];
    private readonly HashSet<(int, ContentKey)> shots = [];
    private readonly Dictionary<string, object> operations = new(StringComparer.Ordinal);
    private readonly Dictionary<FitKind, FitStatus> fits = [];
    private long version = 1;

    public InMemoryClassSet(string id, ClassSetDefinition definition, string? operationId)
    {
        (this.id, policy, CreatedBy) = (id, definition.Policy, operationId);
        Append(definition.Classes);
    }

    public string? CreatedBy { get; }

    public long AddClasses(IReadOnlyList<ClassDefinition> added, string? operationId) => Once(operationId, () =>
    {
        Append(added);
        return ++version;
    });

    public AddShotsResult AddShots(IReadOnlyList<Shot> added, string? operationId) => Once(operationId, () =>
    {
        var failed = new List<FailedInput>();
        var (count, duplicates) = (0, 0);
        if (added.FirstOrDefault(s => classes.TrueForAll(c => c.Id != s.ClassId)) is { } stray)
            throw new FewShotException(FewShotErrorCode.InvalidArgument, $"{stray.Source}: no class has the id {stray.ClassId}");
        foreach (var shot in added)
        {
            if (shot.Image.Length == 0) failed.Add(new FailedInput(shot.Source, FewShotErrorCode.InvalidImage, $"{shot.Source} is empty"));
            else if (!shots.Add((shot.ClassId, ContentKey.Of(shot.Image)))) duplicates++;
            else count++;
        }
        return new AddShotsResult(count > 0 ? ++version : version, count, duplicates, failed);
    });

    public FitStatus Fit(FitKind kind)
    {
        lock (gate) return fits[kind] = new FitStatus(kind, FitState.Published, 1, ++version, "in memory", 0);
    }

    public ClassificationAnswer Classify(string? name, ClassifyOptions asked)
    {
        lock (gate)
        {
            if (asked.MinimumVersion > version)
                throw new FewShotException(FewShotErrorCode.VersionNotReached, $"'{id}' is at version {version}, {asked.MinimumVersion} was asked for");
            if (classes.Count == 0) throw new FewShotException(FewShotErrorCode.InvalidArgument, $"'{id}' has no classes");
            var first = classes.Find(c => c.Name == name) ?? classes[0];
            var ranked = classes.OrderBy(c => c == first ? 0 : 1).Take(asked.Top)
                .Select((c, rank) => new RankedClass(c.Id, c.Name, -rank, rank == 0 ? 1 : 0)).ToArray();
            return new ClassificationAnswer
            {
                ClassSetId = id,
                Version = version,
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
                Version = version,
                Classes = [.. classes.Select(c => c with { Shots = ShotsOf(c) })],
                Policy = policy,
                Serving = new Dictionary<string, string> { ["text"] = "in memory" },
                Fits = [.. fits.Values],
            };
        }
    }

    public ClassSetSummary Summary()
    {
        lock (gate) return new ClassSetSummary(id, version, classes.Count, classes.Count(c => ShotsOf(c) > 0));
    }

    private int ShotsOf(ClassDescription one) => shots.Count(s => s.Item1 == one.Id);

    private T Once<T>(string? operationId, Func<T> write)
        where T : notnull
    {
        lock (gate)
        {
            if (operationId is null) return write();
            if (operations.TryGetValue(operationId, out var done))
                return done is T same ? same : throw new FewShotException(FewShotErrorCode.Conflict, $"operation '{operationId}' was another write");
            var result = write();
            operations[operationId] = result;
            return result;
        }
    }

    // All or none: a bad name leaves the list as it was.
    private void Append(IReadOnlyList<ClassDefinition> added)
    {
        var next = new List<ClassDescription>(classes);
        foreach (var one in added)
        {
            var name = one.Name.Trim();
            if (name.Length == 0) throw new FewShotException(FewShotErrorCode.InvalidArgument, "a class name is empty");
            var classId = one.Id ?? (next.Count == 0 ? 0 : next.Max(c => c.Id) + 1);
            if (next.Find(c => c.Name == name || c.Id == classId) is { } clash)
                throw new FewShotException(FewShotErrorCode.Conflict, $"class '{name}' (id {classId}): '{clash.Name}' (id {clash.Id}) is in the set already");
            next.Add(new ClassDescription(classId, name, one.Family, 0, false));
        }
        classes.Clear();
        classes.AddRange(next);
    }
}
