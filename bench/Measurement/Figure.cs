using System.Text.Json.Serialization;

namespace FewShotCluster.Bench.Measurement;

/// <summary>One measured number.</summary>
/// <param name="Name">What was measured, as a path: vit-b-32/batch-1/threads-2/float32.</param>
/// <param name="Value">The median.</param>
/// <param name="Unit">Of the value: ms, images/s.</param>
public sealed record Figure(string Name, double Value, string Unit)
{
    /// <summary>The opponent of the ratio.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Against { get; init; }

    /// <summary>How many times as good as the opponent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Ratio { get; init; }

    /// <summary>Lower quartile of the ratio; of the value where there is no opponent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Low { get; init; }

    /// <summary>Upper quartile.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? High { get; init; }

    /// <summary>What else a reader should know.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Note { get; init; }
}
