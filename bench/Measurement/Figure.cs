using System.Text.Json.Serialization;

namespace FewShotCluster.Bench.Measurement;

/// <summary>One measured number.</summary>
/// <param name="Name">What, from the general to the particular, with slashes: vit-b-32/batch-1/threads-2/float32.</param>
/// <param name="Value">The number; of several measurements the median.</param>
/// <param name="Unit">Its unit: ms, images/s.</param>
/// <param name="Against">What it was compared with in the same run.</param>
/// <param name="Ratio">How many times as good as the other: of times, the other's divided by this one.</param>
/// <param name="Low">Lower quartile of the ratio; of the value where there is no other.</param>
/// <param name="High">Upper quartile.</param>
/// <param name="Note">What must be known to read it.</param>
public sealed record Figure(
    string Name, double Value, string Unit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Against = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Ratio = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Low = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? High = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Note = null);
