namespace FewShotCluster.Vision.Adaptation;

/// <summary>Settings of OnZeta. The defaults are the authors' (their <c>main.py</c>).</summary>
public sealed record OnZetaOptions
{
    /// <summary>tau_t: temperature of the text scores.</summary>
    public double TextTemperature { get; init; } = 0.01;

    /// <summary>tau_i: temperature of the vision proxies' scores.</summary>
    public double ImageTemperature { get; init; } = 0.04;

    /// <summary>cw: step size of the vision proxies.</summary>
    public double ProxyRate { get; init; } = 0.5;

    /// <summary>cr: step size of the dual variables that hold the classes' balance.</summary>
    public double BalanceRate { get; init; } = 20;

    /// <summary>alpha: share of the fair mass 1/C that every class must get; 0 asks for no balance.</summary>
    public double Balance { get; init; } = 1;

    /// <summary>beta: largest share of the vision proxies in the combined label.</summary>
    public double MaximumVisionShare { get; init; } = 0.8;

    /// <summary>
    /// Images after which the vision proxies have their full share. The authors know their data set's size; a service does not, and
    /// takes this for it; absent: the number of rows.
    /// </summary>
    public long? ExpectedImages { get; init; }

    /// <summary>Whether the result holds every image's labels [N,C], and not only the best classes.</summary>
    public bool KeepLabels { get; init; }

    /// <summary>The authors' values.</summary>
    public static OnZetaOptions Paper { get; } = new();

    /// <summary>Throws where a setting is out of range.</summary>
    internal void Validate()
    {
        Check.Positive(TextTemperature, "TextTemperature");
        Check.Positive(ImageTemperature, "ImageTemperature");
        Check.NotNegative(ProxyRate, "ProxyRate");
        Check.NotNegative(BalanceRate, "BalanceRate");
        Check.NotNegative(Balance, "Balance");
        if (!(MaximumVisionShare >= 0 && MaximumVisionShare <= 1))
            throw new AdaptationException($"MaximumVisionShare must lie in [0, 1], not {MaximumVisionShare}");
        if (ExpectedImages is { } images && images < 1) throw new AdaptationException($"ExpectedImages must be at least 1, not {images}");
    }
}
