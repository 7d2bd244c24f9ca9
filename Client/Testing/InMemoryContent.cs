using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Errors;

namespace FewShotCluster.Client.Testing;

/// <summary>What one version of an in-memory class set holds; immutable.</summary>
internal sealed record InMemoryContent(ClassSetPolicy Policy, ClassDescription[] Classes, ShotRecord[] Shots)
{
    public static InMemoryContent Of(ClassSetDefinition definition) =>
        new InMemoryContent(definition.Policy, [], []).With(definition.Classes, new HashSet<int>());

    public int ShotsOf(int classId) => Shots.Count(shot => shot.ClassId == classId);

    public int Position(int classId) => Array.FindIndex(Classes, c => c.Id == classId) is >= 0 and var position
        ? position
        : throw Invalid($"no class has the id {classId}");

    /// <summary>With more classes, all or none.</summary>
    public InMemoryContent With(IReadOnlyList<ClassDefinition> added, IReadOnlySet<int> retired)
    {
        var next = new List<ClassDescription>(Classes);
        foreach (var one in added)
        {
            var name = one.Name.Trim();
            if (name.Length == 0) throw Invalid("a class name is empty");
            var classId = one.Id ?? Math.Max(next.Select(c => c.Id).DefaultIfEmpty(-1).Max(), retired.DefaultIfEmpty(-1).Max()) + 1;
            if (retired.Contains(classId)) throw Conflict($"class id {classId} of '{name}' was that of a class that was removed");
            if (next.Find(c => c.Name == name || c.Id == classId) is { } clash)
                throw Conflict($"class '{name}' (id {classId}): '{clash.Name}' (id {clash.Id}) is in the set already");
            next.Add(new ClassDescription(classId, name, one.Family, 0, false));
        }
        return this with { Classes = [.. next] };
    }

    public InMemoryContent Without(IReadOnlyList<string> names)
    {
        if (names.FirstOrDefault(name => Classes.All(c => c.Name != name)) is { } stranger) throw Invalid($"no class is called '{stranger}'");
        var kept = Classes.Where(c => !names.Contains(c.Name)).ToArray();
        return this with { Classes = kept, Shots = [.. Shots.Where(shot => kept.Any(c => c.Id == shot.ClassId))] };
    }

    public InMemoryContent Renamed(string name, string newName)
    {
        if (Classes.All(c => c.Name != name)) throw Invalid($"no class is called '{name}'");
        if (newName != name && Classes.Any(c => c.Name == newName)) throw Conflict($"class '{newName}' is there already");
        return this with { Classes = [.. Classes.Select(c => c.Name == name ? c with { Name = newName } : c)] };
    }

    public (InMemoryContent Next, int Count) Without(ShotSelection selection)
    {
        foreach (var classId in selection.ClassIds) Position(classId);
        foreach (var stranger in selection.Keys.Where(key => Shots.All(shot => shot.Key != key))) throw Invalid($"no shot has the content key {stranger}");
        var kept = Shots.Where(shot => !selection.ClassIds.Contains(shot.ClassId) && !selection.Keys.Contains(shot.Key)).ToArray();
        if (kept.Length == Shots.Length) throw Invalid("the selection holds no shots");
        return (this with { Shots = kept }, Shots.Length - kept.Length);
    }

    public (InMemoryContent Next, int Count) Moved(IReadOnlyList<ShotMove> moves)
    {
        var shots = Shots.ToList();
        foreach (var move in moves)
        {
            Position(move.ToClassId);
            var found = shots.FindAll(shot => shot.Key == move.Key && (move.FromClassId is null || shot.ClassId == move.FromClassId));
            if (found.Count != 1) throw Invalid($"{found.Count} classes have the shot {move.Key}");
            shots[shots.IndexOf(found[0])] = found[0] with { ClassId = move.ToClassId };
        }
        return (this with { Shots = [.. shots.Distinct()] }, moves.Count);
    }

    private static FewShotException Conflict(string message) => new(FewShotErrorCode.Conflict, message);

    private static FewShotException Invalid(string message) => new(FewShotErrorCode.InvalidArgument, message);
}
