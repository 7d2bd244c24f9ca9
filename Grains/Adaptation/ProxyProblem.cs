using FewShotCluster.GrainInterfaces.ClassSets;
namespace FewShotCluster.Grains.Adaptation;

/// <summary>What proxies are learned from: a pool of unlabelled images, the names' text proxies, and what is served now.</summary>
internal sealed record ProxyProblem
{
    /// <summary>The encoders whose scores are fused.</summary>
    public required EncoderPool[] Encoders { get; init; }

    /// <summary>N.</summary>
    public required int Images { get; init; }

    /// <summary>How many images of the traffic each one stands for [N]: a balanced pool alone would not tell which classes are rare.</summary>
    public required double[] Weights { get; init; }

    /// <summary>C.</summary>
    public required int Classes { get; init; }

    /// <summary>Labelled images that the pool does not hold, to test on; null: there are none.</summary>
    public LabelledImages? Shots { get; init; }

    /// <summary>Temperatures, steps and gates.</summary>
    public ProxyRules Rules { get; init; } = new();
}

/// <summary>One encoder's part.</summary>
/// <param name="Images">[N,D] features, unit length.</param>
/// <param name="Text">[C,D] text proxies, unit length.</param>
/// <param name="Dimension">D.</param>
/// <param name="LogitScale">exp of CLIP's logit_scale.</param>
/// <param name="Share">In the fused scores.</param>
/// <param name="Served">What it serves now; null: text.</param>
internal sealed record EncoderPool(byte[] Images, MatrixBytes Text, int Dimension, double LogitScale, double Share, ServedProxies? Served);

/// <summary>Fitted proxies of one encoder.</summary>
/// <param name="Classes">Positions of the fitted classes [F].</param>
/// <param name="Values">[F,D]</param>
/// <param name="Method">What fitted them.</param>
/// <param name="LearningRate">InMaP's last step size, where the next fit begins.</param>
internal sealed record ServedProxies(int[] Classes, MatrixBytes Values, ProxyMethod Method, double LearningRate);

/// <summary>Labelled images.</summary>
/// <param name="Labels">Class position of each [n].</param>
/// <param name="Features">[n,D] for each encoder.</param>
internal sealed record LabelledImages(int[] Labels, byte[][] Features);

/// <summary>How proxies are fitted.</summary>
internal enum ProxyMethod
{
    /// <summary>InMaP by the paper.</summary>
    Inmap = 0,

    /// <summary>InMaP as the seed ran it.</summary>
    SeedInmap = 1,

    /// <summary>OnZeta, where the pool is too small for InMaP.</summary>
    OnZeta = 2,
}

/// <summary>Settings of the fit and of its gates.</summary>
internal sealed record ProxyRules
{
    /// <summary>tau_t, times the logit scale.</summary>
    public double TextTemperature { get; init; } = 1;

    /// <summary>tau_i, times the logit scale.</summary>
    public double ImageTemperature { get; init; } = 4;

    /// <summary>Gradient steps of a cold fit.</summary>
    public int Iterations { get; init; } = 20;

    /// <summary>Gradient steps of a fit that starts from the served proxies and their step size.</summary>
    public int WarmIterations { get; init; } = 10;

    /// <summary>Whether the seed's variant is fitted, which knows no gates but the pool's size.</summary>
    public bool Seed { get; init; }

    /// <summary>Images a class from which OnZeta may serve; InMaP needs more (<see cref="Vision.Adaptation.InmapGate"/>).</summary>
    public int OnZetaImagesPerClass { get; init; } = 3;
}

/// <summary>Proxies that passed the gates.</summary>
/// <param name="Encoders">One per encoder, all of the same classes.</param>
/// <param name="Basis">What they were fitted on, in words.</param>
internal sealed record ProxyCandidate(ServedProxies[] Encoders, string Basis);
