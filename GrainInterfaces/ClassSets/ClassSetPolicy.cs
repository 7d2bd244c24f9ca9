namespace FewShotCluster.GrainInterfaces.ClassSets;

/// <summary>
/// Settings of one class set. Temperatures are in units of 1/logit scale, so that one setting serves encoders whose
/// cosines spread differently: the papers' absolute 0.01 and 0.04 are 1 and 4 at CLIP's logit scale of 100.
/// </summary>
[GenerateSerializer, Immutable, Alias("fewshot.ClassSetPolicy")]
public sealed record ClassSetPolicy
{
    /// <summary>Prompt templates, <c>{}</c> standing for the name; features of all templates are averaged.</summary>
    [Id(0)]
    public IReadOnlyList<string> PromptTemplates { get; init; } = ["a photo of a {}."];

    /// <summary>Share of each encoder (by name) in the fused text and InMaP scores; empty: equal shares.</summary>
    [Id(1)]
    public IReadOnlyDictionary<string, double> ProxyFusion { get; init; } = new Dictionary<string, double>();

    /// <summary>Share of each encoder (by name) in the fused LP++ logits; empty: equal shares.</summary>
    [Id(2)]
    public IReadOnlyDictionary<string, double> ProbeFusion { get; init; } = new Dictionary<string, double>();

    /// <summary>The family whose classes the refiner decides among; null: no refiner.</summary>
    [Id(3)]
    public string? RefinerFamily { get; init; }

    /// <summary>InMaP: temperature of the text pseudo-labels, times the logit scale.</summary>
    [Id(4)]
    public double InmapTextTemperature { get; init; } = 1;

    /// <summary>InMaP: temperature of the image softmax, times the logit scale.</summary>
    [Id(5)]
    public double InmapImageTemperature { get; init; } = 4;

    /// <summary>InMaP: gradient steps of one refit.</summary>
    [Id(6)]
    public int InmapIterations { get; init; } = 20;

    /// <summary>LP++: starting alpha as a multiple of the logit scale; null: the authors' rule.</summary>
    [Id(7)]
    public double? ProbeInitialAlpha { get; init; }

    /// <summary>LP++: epochs.</summary>
    [Id(8)]
    public int ProbeEpochs { get; init; } = 300;

    /// <summary>Whether classified photos enter the unlabelled pool that InMaP learns from.</summary>
    [Id(9)]
    public bool LearnFromTraffic { get; init; } = true;
}
