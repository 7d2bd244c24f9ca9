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
/// <param name="Merge">Puts what was learned into a state, adding new bytes to the blocks of its commit.</param>
/// <param name="Basis">What it was fitted on, in words.</param>
internal sealed record FitOutcome(int[] CoveredClasses, Func<ClassSetState, List<Block>, ClassSetState> Merge, string Basis)
{
    /// <summary>Why it cannot be merged into a newer state, or null.</summary>
    public string? Obstacle(ClassSetState basis, ClassSetState current) => CoveredClasses
        .Where(position => basis.Classes[position] != current.Classes[position])
        .Select(position => basis.Classes[position].Name)
        .Select(name => $"class '{name}' changed between version {basis.Version} and {current.Version}: fit again")
        .FirstOrDefault();
}

/// <summary>A fit that must not be served; the message is the reason that its caller reads.</summary>
internal sealed class FitRefusedException(string reason) : Exception(reason);
