namespace FewShotCluster.Vision.Adaptation;

/// <summary>How LP++ moves the weight of the text logits.</summary>
public enum AlphaPolicy
{
    /// <summary>Every tenth epoch by the sum of all epochs' gradients so far: the authors' code never zeroes it.</summary>
    Accumulated,

    /// <summary>Every tenth epoch by that epoch's gradient: what the paper's equations say.</summary>
    Zeroed,

    /// <summary>Never: the seed.</summary>
    Frozen,
}

/// <summary>Settings of LP++. The defaults are the authors' (their <c>LinearProbe_P2</c>).</summary>
public sealed record LpPlusPlusOptions
{
    /// <summary>Full-batch steps.</summary>
    public int Epochs { get; init; } = 300;

    /// <summary>How alpha moves.</summary>
    public AlphaPolicy Alpha { get; init; } = AlphaPolicy.Accumulated;

    /// <summary>Epochs between two moves of alpha.</summary>
    public int AlphaPeriod { get; init; } = 10;

    /// <summary>
    /// First alpha of every class; absent, the authors' rule: 250 times the mean over classes of the mean cosine of the class's shots
    /// with its own text. About one logit scale of the model is a rule of the same size on CLIP that also suits models of wider cosines.
    /// </summary>
    public double? InitialAlpha { get; init; }

    /// <summary>Momentum of the steps on W and b.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>T_max, in epochs, of a cosine schedule to 0 as jittor counts it; absent, the step size is constant.</summary>
    public int? CosinePeriod { get; init; }

    /// <summary>Seed of the first bias, drawn uniformly within 1/sqrt(D) of 0 as torch's linear layer does.</summary>
    public ulong BiasSeed { get; init; } = 1;

    /// <summary>The authors' values.</summary>
    public static LpPlusPlusOptions Paper { get; } = new();

    /// <summary>
    /// The seed's values for its ViT: 1000 epochs, alpha frozen, T_max 1000. For its RN101: <c>Seed with { CosinePeriod = 500 }</c>.
    /// </summary>
    public static LpPlusPlusOptions Seed { get; } = new() { Epochs = 1000, Alpha = AlphaPolicy.Frozen, CosinePeriod = 1000 };

    /// <summary>Throws where a setting is out of range.</summary>
    internal void Validate()
    {
        Check.AtLeast(Epochs, 1, "Epochs");
        Check.AtLeast(AlphaPeriod, 1, "AlphaPeriod");
        if (InitialAlpha is { } alpha) Check.NotNegative(alpha, "InitialAlpha");
        if (!(Momentum >= 0 && Momentum < 1)) throw new AdaptationException($"Momentum must lie in [0, 1), not {Momentum}");
        if (CosinePeriod is { } period) Check.AtLeast(period, 1, "CosinePeriod");
    }
}
