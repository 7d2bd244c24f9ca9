using System.Globalization;
using System.Text.RegularExpressions;

namespace FewShotCluster.Bench.Processes;

/// <summary>Figures of a node in Prometheus' text format.</summary>
/// <param name="samples">Name, labels as written, value.</param>
public sealed partial class NodeMetrics(IReadOnlyList<(string Name, string Labels, double Value)> samples)
{
    /// <summary>Gauges of work that is under way: 0 on a node that nobody asks anything.</summary>
    public IReadOnlyDictionary<string, double> InFlight => samples
        .Where(sample => UnderWay().IsMatch(sample.Name))
        .GroupBy(sample => sample.Name, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Sum(sample => sample.Value), StringComparer.Ordinal);

    /// <summary>The sum over all labels; 0 where there is no such figure.</summary>
    public double Sum(string name) => samples.Where(sample => sample.Name == name).Sum(sample => sample.Value);

    /// <summary>The sum over samples whose labels contain a word.</summary>
    public double Sum(string name, string label) =>
        samples.Where(sample => sample.Name == name && sample.Labels.Contains(label, StringComparison.Ordinal)).Sum(sample => sample.Value);

    internal static NodeMetrics Parse(string text) => new(
    [
        .. Line().Matches(text).Select(match => (
            match.Groups["name"].Value, match.Groups["labels"].Value,
            double.Parse(match.Groups["value"].Value, NumberStyles.Float, CultureInfo.InvariantCulture))),
    ]);

    // NaN and infinities are none of ours.
    [GeneratedRegex(@"^(?<name>[a-zA-Z_:][\w:]*)(\{(?<labels>[^\n]*)\})? (?<value>[-+]?[0-9.]+([eE][-+]?\d+)?)( \d+)?\r?$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex("^fewshot_.*(queue_length|running|active|in_flight)$")]
    private static partial Regex UnderWay();
}
