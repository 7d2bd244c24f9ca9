using System.Diagnostics;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Processes;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Cluster;

/// <summary>
/// How long until a name that was added through one node is an answer's class on another node. All added names have one prompt, whose
/// features are cached after the first: what is measured is all but the encoding of the text.
/// </summary>
/// <param name="trial">The processes.</param>
/// <param name="options">How much.</param>
public sealed class VisibilityTrial(TrialCluster trial, VisibilityTrial.Options options)
{
    private const string Set = "visible", Prompt = "a photo of a thing that was added.";

    // Until the nodes' code is compiled as it will stay, and text, photo and snapshots are known.
    private const int Warm = 100;

    /// <summary>How much.</summary>
    /// <param name="Adds">Names added and asked for.</param>
    public sealed record Options(int Adds)
    {
        /// <summary>Names of the class set before.</summary>
        public int Classes { get; init; } = 1000;
    }

    /// <summary>Runs the trial.</summary>
    public async Task<TrialResult> RunAsync(CancellationToken cancellationToken)
    {
        await trial.StartRedisAsync(cancellationToken);
        var writes = await trial.StartAsync("node-a", NullModels, cancellationToken);
        var reads = await trial.StartAsync("node-b", NullModels, cancellationToken);
        await using var writer = await writes.ConnectAsync(cancellationToken);
        await using var reader = await reads.ConnectAsync(cancellationToken);
        await TrialCluster.CreateAsync(writer, Set, options.Classes, cancellationToken);
        var (total, afterAck) = (new LatencyHistogram(), new LatencyHistogram());
        var (failures, photo, timings) = (new List<string>(), trial.Photos[0], new List<StageTimings>());
        const string step = "adding through one node, asking another";
        for (var i = -Warm; i < options.Adds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            var added = await writer.AddClassesAsync(Set, [new ClassDefinition(AddedNames.Of(i + Warm), Prompt: Prompt)], cancellationToken: cancellationToken);
            var acknowledged = Stopwatch.GetElapsedTime(start);
            var answer = await reader.ClassifyAsync(
                Set, photo, new ClassifyOptions { MinimumVersion = added.Version, Top = 1000, Learn = false }, cancellationToken);
            var elapsed = Stopwatch.GetElapsedTime(start);
            if (answer.Version < added.Version) failures.Add($"stale answer: version {answer.Version}, token {added.Version}");
            if (i < 0) continue;
            total.Record(elapsed);
            afterAck.Record(elapsed - acknowledged);
            timings.Add(answer.Timings);
            trial.Progress(step, (i + 1.0) / options.Adds);
        }
        var set = await reader.DescribeAsync(Set, cancellationToken);
        if (set.Version != options.Adds + Warm + 1) failures.Add($"version gap: version {set.Version} after {options.Adds + Warm} names added to version 1");
        var setting = $"{options.Adds} names added, after {Warm} unmeasured ones, to {options.Classes} classes x 512 x 2 null encoders, Redis with appendfsync always, both nodes on one machine";
        return new(
        [
            new("cluster/visibility/p50", total.Milliseconds(50), "ms") { Note = $"from the call that adds to the other node's answer; {setting}" },
            new("cluster/visibility/p99", total.Milliseconds(99), "ms") { Note = "limit 50" },
            new("cluster/visibility/after-acknowledgement-p50", afterAck.Milliseconds(50), "ms")
            {
                Note = FormattableString.Invariant(
                    $"of it in the other node, medians: snapshot {Median(t => t.Snapshot):0.0}, encode {Median(t => t.Encode):0.0}, score {Median(t => t.Score):0.0}, all {Median(t => t.Total):0.0}"),
            },
            new("cluster/visibility/after-acknowledgement-p99", afterAck.Milliseconds(99), "ms"),
        ], failures);

        double Median(Func<StageTimings, double> time) => Spread.Of(timings.Select(time)).Median;
    }

    // Of CLIP's feature size; what they compute is not what is measured.
    private static NodeSpec NullModels(NodeSpec spec) => spec with { Environment = new Dictionary<string, string> { ["FEWSHOT_NULL_ENCODERS"] = "2" } };
}
