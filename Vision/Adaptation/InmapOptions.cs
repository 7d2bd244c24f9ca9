namespace FewShotCluster.Vision.Adaptation;

/// <summary>
/// Settings of InMaP. The defaults are the authors' (their <c>main.py</c>); <c>Paper with { Iterations = 20 }</c> to 100 reaches
/// within half a point of their 2000 on real CLIP features.
/// </summary>
public sealed record InmapOptions
{
    /// <summary>tau_t: temperature of the text scores that become pseudo-labels.</summary>
    public double TextTemperature { get; init; } = 0.01;

    /// <summary>tau_i: temperature of the vision proxies' scores.</summary>
    public double ImageTemperature { get; init; } = 0.04;

    /// <summary>First step size; halved whenever the gradient's norm has grown.</summary>
    public double LearningRate { get; init; } = 10;

    /// <summary>alpha: labels whose largest entry exceeds it become one-hot; 1 leaves all soft.</summary>
    public double OneHotThreshold { get; init; } = 0.6;

    /// <summary>Gradient steps.</summary>
    public int Iterations { get; init; } = 2000;

    /// <summary>gamma of <see cref="Sinkhorn"/>: 0 balances all classes alike.</summary>
    public double Gamma { get; init; }

    /// <summary>Rounds of <see cref="Sinkhorn"/>.</summary>
    public int SinkhornIterations { get; init; } = 20;

    /// <summary>Whether the labels are balanced; if not, they are the plain softmax.</summary>
    public bool UseSinkhorn { get; init; } = true;

    /// <summary>Whether the proxies return to unit length after each step.</summary>
    public bool NormalizeColumns { get; init; } = true;

    /// <summary>What the first gradient norm is compared with; infinity never halves the first step size.</summary>
    public double InitialGradientNorm { get; init; } = double.PositiveInfinity;

    /// <summary>The authors' values.</summary>
    public static InmapOptions Paper { get; } = new();

    /// <summary>
    /// One round of the seed's variant: tau_i 1, labels never one-hot, no normalisation, and a first comparison with -100, so the
    /// step size is 5 from the start. <see cref="SeedInmapFit"/> runs both rounds.
    /// </summary>
    public static InmapOptions Seed { get; } = new()
    {
        ImageTemperature = 1,
        OneHotThreshold = 1,
        Iterations = 20,
        SinkhornIterations = 100,
        NormalizeColumns = false,
        InitialGradientNorm = -100,
    };

    /// <summary>Throws where a setting is out of range.</summary>
    internal void Validate()
    {
        Check.Positive(TextTemperature, "TextTemperature");
        Check.Positive(ImageTemperature, "ImageTemperature");
        Check.Positive(LearningRate, "LearningRate");
        Check.Positive(OneHotThreshold, "OneHotThreshold");
        Check.AtLeast(Iterations, 1, "Iterations");
        Check.NotNegative(Gamma, "Gamma");
        if (UseSinkhorn) Check.AtLeast(SinkhornIterations, 1, "SinkhornIterations");
        if (double.IsNaN(InitialGradientNorm)) throw new AdaptationException("InitialGradientNorm is NaN");
    }
}
