using System.Text.Json;
using System.Text.Json.Serialization;

namespace FewShotCluster.Silo.Demo;

/// <summary>What the demo measured; accuracies are 0 to 1. Written by <c>demo --json FILE</c>.</summary>
internal sealed record DemoReport(
    ClassCounts Classes, int Images, AccuracyTable Accuracy, DogAccuracy Dogs, HotAdd HotAdd, LatencyPercentiles LatencyMs, double ImagesPerSecond)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public void Write(string path)
    {
        using var output = path == "-" ? Console.OpenStandardOutput() : File.Create(path);
        JsonSerializer.Serialize(output, this, Json);
    }
}

internal sealed record ClassCounts(int Seen, int Unseen);

/// <summary>Top-1 by stage. The probe knows only seen classes; its zero-shot rival is text restricted to the same classes.</summary>
internal sealed record AccuracyTable(Accuracy Text, Accuracy Inmap, ProbeAccuracy Probe, Accuracy Cascade);

internal sealed record Accuracy(double All, double Seen, double Unseen)
{
    [JsonInclude]
    public double Harmonic => Seen + Unseen > 0 ? 2 * Seen * Unseen / (Seen + Unseen) : 0;
}

internal sealed record ProbeAccuracy(double Seen, double ZeroShotSeen);

/// <summary>Pictures of dogs, both methods restricted to the dog classes.</summary>
internal sealed record DogAccuracy(double Probe, double Refiner);

/// <summary>Accuracy on photos of names added while the node was serving.</summary>
/// <param name="Names">The names.</param>
/// <param name="Before">Accuracy before they were added: they could not be named.</param>
/// <param name="After">Accuracy right after.</param>
/// <param name="VisibleMs">From the call that adds them to the first answer at the new version.</param>
internal sealed record HotAdd(IReadOnlyList<string> Names, double Before, double After, double VisibleMs);

internal sealed record LatencyPercentiles(double P50, double P95, double P99)
{
    public static LatencyPercentiles Of(IEnumerable<double> milliseconds)
    {
        var sorted = milliseconds.Order().ToArray();
        double At(double share) => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
        return new LatencyPercentiles(At(0.50), At(0.95), At(0.99));
    }
}
