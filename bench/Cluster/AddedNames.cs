using System.Collections.Concurrent;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Bench.Cluster;

/// <summary>
/// The names that a trial adds, one a write, and what was acknowledged of them. A set's classes come in the order of their versions, so
/// the class at place p behind the first ones was added by version p + 2: every promise can be held against one description.
/// </summary>
/// <param name="before">Classes of version 1.</param>
internal sealed class AddedNames(int before)
{
    private readonly ConcurrentDictionary<string, long> acknowledged = new(StringComparer.Ordinal);
    private int acknowledgements;

    /// <summary>Acknowledged by now.</summary>
    public int Count => acknowledged.Count;

    /// <summary>Acknowledgements that ever came.</summary>
    public int Acknowledgements => Volatile.Read(ref acknowledgements);

    /// <summary>The name of a number; none of the first classes has it.</summary>
    public static string Of(int i) => $"added {Names.Of(i)}";

    public bool IsAcknowledged(string name) => acknowledged.ContainsKey(name);

    public void Acknowledge(string name, long version)
    {
        acknowledged[name] = version;
        Interlocked.Increment(ref acknowledgements);
    }

    /// <summary>What a description breaks of the promises, in words.</summary>
    /// <param name="set">Read after the last acknowledgement.</param>
    public List<string> Check(ClassSetDescription set)
    {
        var failures = new List<string>();
        if (set.Version != set.Classes.Count - before + 1)
            failures.Add($"version gap: version {set.Version} of {set.Classes.Count - before} names added one by one to version 1");
        foreach (var twice in set.Classes.GroupBy(c => c.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
            failures.Add($"duplicated name: '{twice.Key}' is there {twice.Count()} times");
        var places = set.Classes.Skip(before).Select((c, place) => (c.Name, Version: place + 2L))
            .DistinctBy(c => c.Name).ToDictionary(c => c.Name, c => c.Version, StringComparer.Ordinal);
        foreach (var (name, version) in acknowledged)
        {
            if (!places.TryGetValue(name, out var there)) failures.Add($"lost name: '{name}' was acknowledged as version {version}");
            else if (there != version) failures.Add($"version gap: '{name}' was acknowledged as version {version} and is version {there}");
        }
        foreach (var shared in acknowledged.GroupBy(a => a.Value).Where(g => g.Count() > 1))
            failures.Add($"version gap: version {shared.Key} was acknowledged {shared.Count()} times");
        return failures;
    }

    /// <summary>Gives up what a version does not hold: a disk that loses what it confirmed takes the newest versions with it.</summary>
    /// <returns>How many acknowledged names that were.</returns>
    public int ForgetAfter(long version)
    {
        var lost = acknowledged.Where(a => a.Value > version).Select(a => a.Key).ToList();
        foreach (var name in lost) acknowledged.TryRemove(name, out _);
        return lost.Count;
    }
}
