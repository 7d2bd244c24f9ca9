using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets.Fits;

/// <summary>An adaptation of a class set: learns from one version, to be merged into the then current one.</summary>
internal interface IClassSetFit
{
    /// <summary>Learns; the state it is given stays as it is. Runs outside of grain turns.</summary>
    /// <exception cref="FitRefusedException">A gate said no, in words.</exception>
    Task<FitOutcome> Run(ClassSetState basis, FitRun run, CancellationToken cancellationToken);
}

/// <summary>What a fit learned.</summary>
/// <param name="CoveredClasses">Positions it was fitted on: if these changed meanwhile it must not be merged.</param>
/// <param name="Merge">
/// Puts what was learned into a state, adding new bytes to the blocks of its commit; gets the present position of each class by the one it
/// was fitted on.
/// </param>
/// <param name="Basis">What it was fitted on, in words.</param>
internal sealed record FitOutcome(int[] CoveredClasses, Func<ClassSetState, int[], List<Block>, ClassSetState> Merge, string Basis)
{
    /// <summary>Why it cannot be merged into a newer state, or null. Classes beside the covered ones may come, go and change.</summary>
    public string? Obstacle(ClassSetState basis, ClassSetState current)
    {
        var map = Map(basis, current);
        return CoveredClasses
            .Where(position => map[position] < 0 || basis.Classes[position] != current.Classes[map[position]])
            .Select(position => $"class '{basis.Classes[position].Name}' changed between version {basis.Version} and {current.Version}: fit again")
            .FirstOrDefault();
    }

    /// <summary>The state with what was learned, as its next version.</summary>
    public ClassSetState MergeInto(ClassSetState basis, ClassSetState current, List<Block> blocks) =>
        Merge(current with { Version = current.Version + 1 }, Map(basis, current), blocks);

    /// <summary>Present position of each class of the basis; negative: it was removed. Ids never change and are never given again.</summary>
    private static int[] Map(ClassSetState basis, ClassSetState current)
    {
        var positions = current.Classes.Select((c, position) => (c.Id, position)).ToDictionary(pair => pair.Id, pair => pair.position);
        return [.. basis.Classes.Select(c => positions.GetValueOrDefault(c.Id, -1))];
    }
}

/// <summary>A fit that must not be served; the message is the reason that its caller reads.</summary>
internal sealed class FitRefusedException(string reason) : Exception(reason);
