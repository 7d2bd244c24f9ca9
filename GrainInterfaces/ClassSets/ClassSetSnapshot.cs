namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>
/// Everything needed to score one class set at one version; immutable, shared by reference within a silo.
/// </summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClassSetSnapshot")]
public sealed record ClassSetSnapshot
{
    /// <summary>The class set's id.</summary>
    [Id(0)]
    public required string ClassSetId { get; init; }

    /// <summary>Monotonic version.</summary>
    [Id(1)]
    public required long Version { get; init; }

    /// <summary>The classes; all other arrays index into this list.</summary>
    [Id(2)]
    public required ClassEntry[] Classes { get; init; }

    /// <summary>One head per encoder.</summary>
    [Id(3)]
    public required EncoderHead[] Encoders { get; init; }

    /// <summary>The refiner's head; null while none is fitted.</summary>
    [Id(4)]
    public RefinerHead? Refiner { get; init; }

    /// <summary>Whether classified photos enter the unlabelled pool.</summary>
    [Id(5)]
    public required bool LearnFromTraffic { get; init; }

    /// <summary>Who decides between seen and unseen.</summary>
    [Id(6)]
    public GateRule Gate { get; init; }

    /// <summary>By stage of the cascade; empty: not calibrated.</summary>
    [Id(7)]
    public StageCalibration[] Calibration { get; init; } = [];

    /// <summary>What the InMaP proxies were fitted on, or why text is served, in words.</summary>
    [Id(8)]
    public string ProxyBasis { get; init; } = "";

    /// <summary>SHA-256 of everything but id and version, hexadecimal: versions of equal content have equal digests.</summary>
    [Id(9)]
    public string Digest { get; init; } = "";
}

/// <summary>How sure a stage may be.</summary>
/// <param name="Temperature">Its logits are divided by this before the softmax.</param>
/// <param name="AbstainBelow">Answers of a lower probability are better withheld; 0: none.</param>
[GenerateSerializer, Immutable, Alias("fewshot.StageCalibration")]
public sealed record StageCalibration([property: Id(0)] double Temperature, [property: Id(1)] double AbstainBelow)
{
    /// <summary>A stage that no labelled images have told anything of.</summary>
    public static StageCalibration None { get; } = new(1, 0);
}

/// <summary>A class in a snapshot.</summary>
/// <param name="Id">The user's id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Family">Its family, if any.</param>
/// <param name="Seen">Whether it has shots.</param>
[GenerateSerializer, Immutable, Alias("fewshot.ClassEntry")]
public sealed record ClassEntry(
    [property: Id(0)] int Id, [property: Id(1)] string Name, [property: Id(2)] string? Family, [property: Id(3)] bool Seen);

/// <summary>What one encoder contributes to the scores: C classes, D feature size, F fitted classes, S probed classes.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.EncoderHead")]
public sealed record EncoderHead
{
    /// <summary>The encoder's name.</summary>
    [Id(0)]
    public required string Encoder { get; init; }

    /// <summary>SHA-256 of its weights, dtype and preprocessing, hexadecimal: features of another digest are not comparable.</summary>
    [Id(1)]
    public required string Digest { get; init; }

    /// <summary>Feature size D.</summary>
    [Id(2)]
    public required int Dimension { get; init; }

    /// <summary>exp of CLIP's logit_scale.</summary>
    [Id(3)]
    public required double LogitScale { get; init; }

    /// <summary>Share in the fused text and InMaP scores.</summary>
    [Id(4)]
    public required double ProxyShare { get; init; }

    /// <summary>Share in the fused LP++ logits.</summary>
    [Id(5)]
    public required double ProbeShare { get; init; }

    /// <summary>Text proxies [C,D], rows of unit length.</summary>
    [Id(6)]
    public required MatrixBytes TextProxies { get; init; }

    /// <summary>Positions in <see cref="ClassSetSnapshot.Classes"/> that InMaP was fitted on; empty: none.</summary>
    [Id(7)]
    public int[] FittedClasses { get; init; } = [];

    /// <summary>InMaP proxies [F,D] in the order of <see cref="FittedClasses"/>.</summary>
    [Id(8)]
    public MatrixBytes Proxies { get; init; } = MatrixBytes.Empty;

    /// <summary>Positions of the classes of <see cref="GateProxies"/>.</summary>
    [Id(13)]
    public int[] GateClasses { get; init; } = [];

    /// <summary>Proxies [G,D] that decide between seen and unseen and rank nothing; empty: none of its own.</summary>
    [Id(14)]
    public MatrixBytes GateProxies { get; init; } = MatrixBytes.Empty;

    /// <summary>Positions of the classes that LP++ knows; empty: none.</summary>
    [Id(9)]
    public int[] ProbeClasses { get; init; } = [];

    /// <summary>LP++ weights [S,D].</summary>
    [Id(10)]
    public MatrixBytes ProbeWeights { get; init; } = MatrixBytes.Empty;

    /// <summary>LP++ bias [S].</summary>
    [Id(11)]
    public MatrixBytes ProbeBias { get; init; } = MatrixBytes.Empty;

    /// <summary>LP++ weight of the text score [S].</summary>
    [Id(12)]
    public MatrixBytes ProbeAlpha { get; init; } = MatrixBytes.Empty;
}

/// <summary>A linear head over the refiner's pooled features: K classes, D features.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.RefinerHead")]
public sealed record RefinerHead
{
    /// <summary>The family it decides among.</summary>
    [Id(0)]
    public required string Family { get; init; }

    /// <summary>SHA-256 of the refiner backbone's weights, dtype and preprocessing.</summary>
    [Id(1)]
    public required string Digest { get; init; }

    /// <summary>Feature size D.</summary>
    [Id(2)]
    public required int Dimension { get; init; }

    /// <summary>Positions of its classes in <see cref="ClassSetSnapshot.Classes"/>.</summary>
    [Id(3)]
    public required int[] Classes { get; init; }

    /// <summary>Weights [K,D].</summary>
    [Id(4)]
    public required MatrixBytes Weights { get; init; }

    /// <summary>Bias [K].</summary>
    [Id(5)]
    public required MatrixBytes Bias { get; init; }
}
