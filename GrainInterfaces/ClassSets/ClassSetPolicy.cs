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

    /// <summary>When InMaP proxies are fitted and whether they are served.</summary>
    [Id(10)]
    public ProxyPolicy Proxies { get; init; }

    /// <summary>Which InMaP.</summary>
    [Id(11)]
    public InmapPreset InmapPreset { get; init; }

    /// <summary>Who decides between seen and unseen classes.</summary>
    [Id(12)]
    public GateRule Gate { get; init; }

    /// <summary>How seen classes are learned from their shots.</summary>
    [Id(13)]
    public ProbePreset ProbePreset { get; init; }

    /// <summary>
    /// Whether cross-validation over the shots chooses LP++'s epoch and makes probabilities honest; it costs four more fits.
    /// </summary>
    [Id(14)]
    public bool CrossValidate { get; init; } = true;

    /// <summary>Share of the answers to withhold, the least certain ones: the threshold is chosen on the shots. 0 withholds none.</summary>
    [Id(15)]
    public double AbstainShare { get; init; }
}

/// <summary>When InMaP proxies are fitted and whether they are served.</summary>
public enum ProxyPolicy
{
    /// <summary>Fitted whenever it is worth it (growth of the pool, new names, age) and on request; served behind the gates.</summary>
    Automatic = 0,

    /// <summary>Fitted on request only; served behind the gates.</summary>
    OnRequest = 1,

    /// <summary>What is served stays as it is; a fit is refused.</summary>
    Frozen = 2,

    /// <summary>Text is served.</summary>
    Off = 3,
}

/// <summary>Variants of InMaP.</summary>
public enum InmapPreset
{
    /// <summary>The paper's, behind the gates.</summary>
    Paper = 0,

    /// <summary>The seed's, which fits whatever it is given and knows no gates.</summary>
    Seed = 1,
}

/// <summary>Who decides between seen and unseen classes; apart from who ranks the unseen ones.</summary>
public enum GateRule
{
    /// <summary>What ranks the unseen classes: InMaP proxies where they are served, else text.</summary>
    Served = 0,

    /// <summary>Text proxies.</summary>
    Text = 1,

    /// <summary>The seed's InMaP, fitted beside the served proxies; text until it is.</summary>
    Seed = 2,
}

/// <summary>How seen classes are learned from their shots.</summary>
public enum ProbePreset
{
    /// <summary>LP++ with the authors' values.</summary>
    Paper = 0,

    /// <summary>LP++ as the seed ran it: 1000 epochs, alpha frozen, a cosine schedule.</summary>
    Seed = 1,

    /// <summary>GDA, in closed form.</summary>
    Gda = 2,
}
