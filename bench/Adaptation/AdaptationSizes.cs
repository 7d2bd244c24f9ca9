namespace FewShotCluster.Bench.Adaptation;

/// <summary>Sizes of what is fitted; the defaults are the seed's class set on CLIP features.</summary>
public sealed record AdaptationSizes
{
    /// <summary>Unlabelled images of an InMaP refit.</summary>
    public int Images { get; init; } = 10_000;

    /// <summary>Feature size.</summary>
    public int Dimension { get; init; } = 512;

    /// <summary>All names.</summary>
    public int Classes { get; init; } = 403;

    /// <summary>Names with shots.</summary>
    public int Seen { get; init; } = 374;

    /// <summary>Shots of each.</summary>
    public int Shots { get; init; } = 4;

    /// <summary>Names of the refiner's family.</summary>
    public int Family { get; init; } = 130;

    /// <summary>Views of each of the family's shots.</summary>
    public int Views { get; init; } = 4;

    /// <summary>Gradient steps of InMaP.</summary>
    public int Iterations { get; init; } = 20;
}
