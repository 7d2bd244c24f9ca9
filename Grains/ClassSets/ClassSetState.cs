using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.GrainInterfaces.Encoders;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Storage;

namespace FewShotCluster.Grains.ClassSets;

/// <summary>One version of a class set as it is stored: immutable; a write makes the next one.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.ClassSetState")]
internal sealed record ClassSetState
{
    [Id(0)]
    public required string ClassSetId { get; init; }

    [Id(1)]
    public required long Version { get; init; }

    [Id(2)]
    public required ClassSetPolicy Policy { get; init; }

    [Id(3)]
    public required ClassRecord[] Classes { get; init; }

    [Id(4)]
    public required EncoderState[] Encoders { get; init; }

    [Id(5)]
    public RefinerState? Refiner { get; init; }

    [Id(6)]
    public ShotBatch[] Shots { get; init; } = [];

    /// <summary>The refiner backbone whose views the shots carry; null: none do.</summary>
    [Id(7)]
    public EncoderInfo? RefinerBackbone { get; init; }

    [Id(8)]
    public OperationRecord[] Operations { get; init; } = [];

    /// <summary>What the served proxies were fitted on, or why they were withdrawn, in words.</summary>
    [Id(9)]
    public string ProxyBasis { get; init; } = "";

    /// <summary>By stage of the cascade; empty: no shots have told yet.</summary>
    [Id(10)]
    public StageCalibration[] Calibration { get; init; } = [];

    /// <summary>Ids of removed classes, ascending: they are not given again.</summary>
    [Id(11)]
    public int[] RetiredIds { get; init; } = [];

    /// <summary>The kept versions, oldest first; the last is this one.</summary>
    [Id(12)]
    public VersionEntry[] History { get; init; } = [];

    /// <summary>Whether the set was deleted: what is left is its version and its operations.</summary>
    [Id(13)]
    public bool IsDeleted { get; init; }

    /// <summary>Version that last changed what the probes are fitted on.</summary>
    [Id(14)]
    public long ShotsChanged { get; init; }

    /// <summary>Positions of the classes that have shots.</summary>
    public int[] SeenClasses => [.. Enumerable.Range(0, Classes.Length).Where(position => Classes[position].Shots > 0)];

    /// <summary>Whether the shots of a class have views for the refiner: its family is the refiner's, which never changes.</summary>
    public bool IsRefined(int position) => Policy.RefinerFamily is { } family && Classes[position].Family == family;

    /// <summary>Everything that lies in blocks.</summary>
    public IEnumerable<StoredBytes> Stored =>
        Encoders.SelectMany(e => new[] { e.TextProxies, e.Proxies, e.GateProxies, e.ProbeWeights, e.ProbeBias, e.ProbeAlpha })
            .Concat(Refiner is null ? [] : [Refiner.Weights, Refiner.Bias])
            .Concat(Shots.SelectMany(batch => batch.Stored));
}

/// <summary>One class: as its user described it, how many shots it has, and the version that last changed name, prompt or shots.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.ClassRecord")]
internal sealed record ClassRecord(
    [property: Id(0)] int Id,
    [property: Id(1)] string Name,
    [property: Id(2)] string? Family,
    [property: Id(3)] string? Prompt,
    [property: Id(4)] int Shots,
    [property: Id(5)] long Changed = 0);

/// <summary>What one encoder contributes; matrices as in <see cref="EncoderHead"/>.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.EncoderState")]
internal sealed record EncoderState
{
    [Id(0)]
    public required EncoderInfo Info { get; init; }

    [Id(1)]
    public required double ProxyShare { get; init; }

    [Id(2)]
    public required double ProbeShare { get; init; }

    [Id(3)]
    public required StoredBytes TextProxies { get; init; }

    [Id(4)]
    public int[] FittedClasses { get; init; } = [];

    [Id(5)]
    public StoredBytes Proxies { get; init; } = StoredBytes.Empty;

    [Id(7)]
    public int[] ProbeClasses { get; init; } = [];

    [Id(8)]
    public StoredBytes ProbeWeights { get; init; } = StoredBytes.Empty;

    [Id(9)]
    public StoredBytes ProbeBias { get; init; } = StoredBytes.Empty;

    [Id(10)]
    public StoredBytes ProbeAlpha { get; init; } = StoredBytes.Empty;

    /// <summary>Shots that LP++ was fitted on.</summary>
    [Id(11)]
    public int ProbeShots { get; init; }

    /// <summary>What the proxies were fitted by.</summary>
    [Id(12)]
    public ProxyMethod ProxyMethod { get; init; }

    /// <summary>InMaP's last step size: the next fit begins there.</summary>
    [Id(13)]
    public double ProxyLearningRate { get; init; }

    /// <summary>Positions of the classes of <see cref="GateProxies"/>.</summary>
    [Id(14)]
    public int[] GateClasses { get; init; } = [];

    /// <summary>The seed's proxies, for the gate between seen and unseen alone; empty: the gate has none of its own.</summary>
    [Id(15)]
    public StoredBytes GateProxies { get; init; } = StoredBytes.Empty;

    /// <summary><see cref="ClassSetState.ShotsChanged"/> of the state that the probe was fitted on.</summary>
    [Id(16)]
    public long ProbeShotsChanged { get; init; }
}

/// <summary>The refiner's head; matrices as in <see cref="RefinerHead"/>.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.RefinerState")]
internal sealed record RefinerState(
    [property: Id(0)] string Family,
    [property: Id(1)] EncoderInfo Backbone,
    [property: Id(2)] int[] Classes,
    [property: Id(3)] StoredBytes Weights,
    [property: Id(4)] StoredBytes Bias,
    [property: Id(5)] int Shots);

/// <summary>The shots of one write: n shots, m of them with views.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.ShotBatch")]
internal sealed record ShotBatch
{
    /// <summary>Class position of each shot [n].</summary>
    [Id(0)]
    public required int[] Classes { get; init; }

    /// <summary>Content key of each shot [n].</summary>
    [Id(1)]
    public required ContentKey[] Keys { get; init; }

    /// <summary>Features [n,D] in the order of the set's encoders.</summary>
    [Id(2)]
    public required StoredBytes[] Features { get; init; }

    /// <summary>Class position of each shot that has views [m].</summary>
    [Id(3)]
    public int[] ViewClasses { get; init; } = [];

    /// <summary>Views of each such shot.</summary>
    [Id(4)]
    public int ViewsPerShot { get; init; }

    /// <summary>Refiner features of the views [m * views, D].</summary>
    [Id(5)]
    public StoredBytes Views { get; init; } = StoredBytes.Empty;

    /// <summary>Everything that lies in blocks.</summary>
    public IEnumerable<StoredBytes> Stored => Features.Append(Views);

    /// <summary>The same shots without their bytes in memory.</summary>
    public ShotBatch Released() => this with { Features = [.. Features.Select(features => features.Released())], Views = Views.Released() };
}

/// <summary>A write that was done: the answer to its repetition.</summary>
[GenerateSerializer, Immutable, Alias("fewshot.store.OperationRecord")]
internal sealed record OperationRecord(
    [property: Id(0)] string OperationId,
    [property: Id(1)] ContentKey Request,
    [property: Id(2)] long Version,
    [property: Id(3)] AddShotsResult? Shots,
    [property: Id(4)] int Count = 0);

/// <summary>A kept version.</summary>
/// <param name="Told">What users see of it.</param>
/// <param name="State">Its serialised state; null: it is the current one, whose address is the head's.</param>
/// <param name="Lost">Blocks that it needs and the version after it does not.</param>
[GenerateSerializer, Immutable, Alias("fewshot.store.VersionEntry")]
internal sealed record VersionEntry(
    [property: Id(0)] ClassSetVersionRecord Told, [property: Id(1)] Payload? State, [property: Id(2)] ContentKey[] Lost);
