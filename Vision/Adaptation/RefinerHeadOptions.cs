namespace FewShotCluster.Vision.Adaptation;

/// <summary>Settings of the refiner's head. The defaults suit a head over cached features of a few views of each shot.</summary>
public sealed record RefinerHeadOptions
{
    /// <summary>Passes over the features.</summary>
    public int Epochs { get; init; } = 400;

    /// <summary>Rows a step; absent, all at once. Otherwise the order is drawn anew each epoch and the last batch may be smaller.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Whether features are brought to mean 0 and deviation 1 first; the returned weights take them as they are.</summary>
    public bool Standardize { get; init; } = true;

    /// <summary>First step size.</summary>
    public double LearningRate { get; init; } = 1e-2;

    /// <summary>Step size at the end of <see cref="CosinePeriod"/>.</summary>
    public double FinalLearningRate { get; init; }

    /// <summary>T_max of the cosine schedule in epochs; beyond it the rate climbs back.</summary>
    public int CosinePeriod { get; init; } = 400;

    /// <summary>Whether the schedule counts as jittor's does: two epochs at the full rate, then one epoch behind.</summary>
    public bool JittorSchedule { get; init; }

    /// <summary>Decoupled weight decay of W and b.</summary>
    public double WeightDecay { get; init; } = 1e-2;

    /// <summary>Share of the target spread evenly over all classes.</summary>
    public double LabelSmoothing { get; init; } = 0.05;

    /// <summary>Half-width, in units of 1/sqrt(D), of the uniform draw of the first weights; 0 starts from zero.</summary>
    public double InitialWidth { get; init; }

    /// <summary>Seed of the first weights and of the order of the rows.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The project's own: full batch, 400 steps, 1e-2 to 0, from zero.</summary>
    public static RefinerHeadOptions Default { get; } = new();

    /// <summary>
    /// The seed's schedule: batches of 32, 31 epochs, 1e-3 with T_max 15 to 1e-5 (so the last epoch runs near the first rate), no
    /// standardisation, the last epoch kept. The seed draws its crops and flips anew each epoch; here they are the given views.
    /// </summary>
    public static RefinerHeadOptions SeedPreset { get; } = new()
    {
        Epochs = 31,
        BatchSize = 32,
        Standardize = false,
        LearningRate = 1e-3,
        FinalLearningRate = 1e-5,
        CosinePeriod = 15,
        JittorSchedule = true,
        WeightDecay = 0,
        LabelSmoothing = 0,
        InitialWidth = 1,
    };

    /// <summary>Throws where a setting is out of range.</summary>
    internal void Validate()
    {
        Check.AtLeast(Epochs, 1, "Epochs");
        if (BatchSize is { } batch) Check.AtLeast(batch, 1, "BatchSize");
        Check.Positive(LearningRate, "LearningRate");
        Check.NotNegative(FinalLearningRate, "FinalLearningRate");
        Check.AtLeast(CosinePeriod, 1, "CosinePeriod");
        Check.NotNegative(WeightDecay, "WeightDecay");
        if (!(LabelSmoothing >= 0 && LabelSmoothing < 1))
            throw new AdaptationException($"LabelSmoothing must lie in [0, 1), not {LabelSmoothing}");
        Check.NotNegative(InitialWidth, "InitialWidth");
    }
}
