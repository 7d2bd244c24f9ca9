namespace FewShotCluster.Grains.Adaptation;

/// <summary>A stream of labelled images.</summary>
/// <param name="Features">[N,D] unit rows in the order of arrival.</param>
/// <param name="Labels">Class of each image [N].</param>
/// <param name="Text">[C,D] text proxies, unit rows; names added on the way are the last ones.</param>
/// <param name="Dimension">D.</param>
public sealed record StreamData(float[] Features, int[] Labels, float[] Text, int Dimension)
{
    /// <summary>C.</summary>
    public int Classes => Text.Length / Dimension;
}

/// <summary>Settings of a replayed class set; the defaults are a served set's.</summary>
public sealed record StreamSettings
{
    /// <summary>exp of CLIP's logit_scale.</summary>
    public double LogitScale { get; init; } = 100;

    /// <summary>tau_t of InMaP.</summary>
    public double TextTemperature { get; init; } = 0.01;

    /// <summary>tau_i of InMaP.</summary>
    public double ImageTemperature { get; init; } = 0.04;

    /// <summary>Gradient steps of a cold fit.</summary>
    public int Iterations { get; init; } = 20;

    /// <summary>Images the pool may hold.</summary>
    public int PoolLimit { get; init; } = 20_000;

    /// <summary>Images predicted to be of one class that the pool may hold.</summary>
    public int PoolPerClass { get; init; } = 64;

    /// <summary>Share of the stream after which names are added; null: all are there from the start.</summary>
    public double? AddNamesAt { get; init; }

    /// <summary>How many of the last names are added then.</summary>
    public int AddedNames { get; init; }

    /// <summary>Reports along the stream.</summary>
    public int Checkpoints { get; init; } = 20;
}

/// <summary>How a replayed stream was served.</summary>
/// <param name="Images">N.</param>
/// <param name="Checkpoints">Along the stream.</param>
/// <param name="Refits">Fits that were tried.</param>
public sealed record StreamReport(int Images, IReadOnlyList<StreamCheckpoint> Checkpoints, IReadOnlyList<StreamRefit> Refits);

/// <summary>Shares of right answers, 0 to 1: of all images so far, and of those since the last checkpoint.</summary>
/// <param name="Images">Images so far.</param>
/// <param name="TextAccuracy">By text proxies, so far.</param>
/// <param name="Accuracy">As served, so far.</param>
/// <param name="RecentTextAccuracy">By text proxies, since the last checkpoint.</param>
/// <param name="RecentAccuracy">As served, since the last checkpoint.</param>
/// <param name="Serving">What is served now, in words.</param>
public sealed record StreamCheckpoint(
    int Images, double TextAccuracy, double Accuracy, double RecentTextAccuracy, double RecentAccuracy, string Serving);

/// <summary>A fit that was due.</summary>
/// <param name="Images">Images so far.</param>
/// <param name="Trigger">Why it was due.</param>
/// <param name="Published">Whether it is served.</param>
/// <param name="Reason">What it was fitted on, or the gate that refused it.</param>
public sealed record StreamRefit(int Images, string Trigger, bool Published, string Reason);
