using System.Text.Json.Serialization;
using FewShotCluster.Vision.Adaptation;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary>What <c>adapt probe</c> is to learn.</summary>
/// <param name="Preset">Its name.</param>
/// <param name="LpPlusPlus">Settings of LP++; null: GDA.</param>
/// <param name="CrossValidate">LP++: whether folds of the shots choose epoch and temperature.</param>
/// <param name="TextWeight">GDA: of the text logits.</param>
internal sealed record ProbeMethod(string Preset, LpPlusPlusOptions? LpPlusPlus, bool CrossValidate, double TextWeight);

/// <summary>Settings of <c>adapt probe</c> that were used, as its options name them; those of the other method are left out.</summary>
internal sealed record ProbeSettings(string Preset)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? TextWeight { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Epochs { get; init; }

    /// <summary>none, validation (features given apart) or cross-validation: what chose the epoch.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EpochBy { get; init; }

    /// <summary>How alpha moves: accumulated or frozen.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Alpha { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? AlphaPeriod { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? InitialAlpha { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Momentum { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? CosinePeriod { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ulong? BiasSeed { get; init; }

    public static ProbeSettings Of(ProbeMethod method, bool isValidated, LearnedProbe probe) => method.LpPlusPlus is not { } options
        ? new(method.Preset) { TextWeight = method.TextWeight }
        : new(method.Preset)
        {
            Epochs = options.Epochs,
            EpochBy = method.CrossValidate ? "cross-validation" : isValidated ? "validation" : "none",
            Alpha = options.Alpha.ToString().ToLowerInvariant(),
            AlphaPeriod = options.AlphaPeriod,
            InitialAlpha = probe.InitialAlpha,
            Momentum = options.Momentum,
            CosinePeriod = options.CosinePeriod,
            BiasSeed = options.BiasSeed,
        };
}
