using System.Text.Json.Serialization;
using FewShotCluster.Grains.Adaptation;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary><c>adapt stream --json</c>: accuracies are of the whole stream.</summary>
internal sealed class StreamVerbReport(AdaptInput input, StreamVerbSettings settings, StageClock clock, StreamReport stream)
    : AdaptReport<StreamVerbSettings>(input, settings, clock)
{
    public IReadOnlyList<StreamCheckpoint> Checkpoints { get; } = stream.Checkpoints;

    public IReadOnlyList<StreamRefit> Refits { get; } = stream.Refits;
}

/// <summary>Settings of <c>adapt stream</c> that were used, as its options name them.</summary>
internal sealed record StreamVerbSettings(
    string Order, double Present, ulong Seed, double LogitScale, double TauText, double TauImage, int Iterations, int PoolLimit,
    int PoolPerClass, int Checkpoints)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AddNamesAt { get; private init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? AddedNames { get; private init; }

    public static StreamVerbSettings Of(StreamChoice choice, StreamSettings settings) => new(
        choice.Order, choice.Present, choice.Seed, settings.LogitScale, settings.TextTemperature, settings.ImageTemperature,
        settings.Iterations, settings.PoolLimit, settings.PoolPerClass, settings.Checkpoints)
    {
        AddNamesAt = settings.AddNamesAt,
        AddedNames = settings.AddNamesAt is null ? null : settings.AddedNames,
    };
}
