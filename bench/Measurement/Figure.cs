using System.Text.Json.Serialization;

namespace FewShotCluster.Bench.Measurement;

/// <summary>One measured number.</summary>
/// <param name="Name">What, from the general to the particular, with slashes.</param>
/// <param name="Value">The number.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Against">What it was compared with in the same run.</param>
/// <param name="Ratio">Value to the other's value.</param>
/// <param name="Low">The least of the repetitions.</param>
/// <param name="High">The most of the repetitions.</param>
/// <param name="Note">What must be known to read it.</param>
[method: JsonConstructor]
public sealed record Figure(
    string Name, double Value, string Unit, string? Against = null, double? Ratio = null, double? Low = null, double? High = null,
    string? Note = null);
