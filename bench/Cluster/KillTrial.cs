using System.Collections.Concurrent;
using System.Diagnostics;
using FewShotCluster.Bench.Processes;
using FewShotCluster.Client;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Cluster;

/// <summary>Three silos with Redis under open-loop load at half capacity; one is killed, later another one joins. Nobody may notice more than a delay.</summary>
/// <param name="trial">The processes.</param>
/// <param name="options">How much.</param>
public sealed class KillTrial(TrialCluster trial, KillTrial.Options options)
{
    private const string Set = "kill";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>How much.</summary>
    /// <param name="Duration">Of the load: the kill is at a third, the replacement is started at a half.</param>
    public sealed record Options(TimeSpan Duration)
    {
        /// <summary>Silos.</summary>
        public int Nodes { get; init; } = 3;

        /// <summary>Of capacity.</summary>
        public double Share { get; init; } = 0.5;

        /// <summary>Of the measurement of capacity.</summary>
        public TimeSpan Measuring { get; init; } = TimeSpan.FromSeconds(6);
    }

    /// <summary>Runs the trial.</summary>
    public async Task<TrialResult> RunAsync(CancellationToken cancellationToken)
    {
        await trial.StartRedisAsync(cancellationToken);
        var nodes = new List<NodeProcess>();
        for (var i = 0; i < options.Nodes; i++) nodes.Add(await trial.StartAsync($"node-{(char)('a' + i)}", null, cancellationToken));
        await using var client = await TrialCluster.ConnectAsync(nodes, cancellationToken);
        await TrialCluster.CreateAsync(client, Set, 100, cancellationToken);
        // What every answer must know of.
        var token = (await client.AddClassesAsync(Set, [new("late name")], cancellationToken: cancellationToken)).Version;
        var photos = new PhotoSource(trial.Photos, unique: true);
        var capacity = (await Capacity.MeasureAsync(trial, client, Set, photos, options.Measuring, cancellationToken)).Goodput;

        var samples = new ConcurrentQueue<LoadSample>();
        var rate = options.Share * capacity;
        var ask = new ClassifyOptions { Learn = false, MinimumVersion = token };
        var send = LoadGenerator.Classify(client, Set, new PhotoSource(trial.Photos, unique: true), ask);
        const string step = "load, a kill, a replacement";
        trial.Progress(step, 0);
        var start = Stopwatch.GetTimestamp();
        var loading = new LoadGenerator(LoadPlan.Open(rate, options.Duration) with { Deadline = Deadline }, send)
        {
            Sampled = samples.Enqueue,
            Progress = now => trial.Progress(step, Math.Min(0.99, now.Elapsed / options.Duration)),
        }.RunAsync(cancellationToken);

        await At(options.Duration / 3);
        var victim = nodes[^1];
        var killed = Stopwatch.GetElapsedTime(start);
        await victim.KillAsync();
        await At(options.Duration / 2);
        var replacement = await trial.StartAsync("node-new", null, cancellationToken);
        var joined = Stopwatch.GetElapsedTime(start);
        var report = await loading;
        trial.Progress(step, 1);

        var recovery = Throughput.BackAfter(samples, killed, options.Duration, rate);
        var byReplacement = report.Devices.Where(device => device.Key.StartsWith(replacement.Spec.Name + "/", StringComparison.Ordinal)).Sum(device => device.Value);
        var stale = samples.Count(sample => sample.Answer is { } answer && answer.Version < token);
        var failures = new List<string>();
        if (report.Failed > 0)
            failures.Add($"{report.Failed} requests were lost: {string.Join(", ", report.Errors)}; first: {samples.First(s => s.Failure is not null).Failure!.Message}");
        if (report.NotSent > 0) failures.Add($"{report.NotSent} requests could not be sent");
        if (stale > 0) failures.Add($"{stale} answers were below the version token {token}");
        if (recovery is null) failures.Add("throughput did not come back");
        if (byReplacement == 0) failures.Add("the replacement answered nothing");
        return new(
        [
            new("cluster/kill/capacity", capacity, "answers/s") { Note = $"{options.Nodes} silos on one machine, closed loop of {Capacity.Callers} callers, fresh photos" },
            new("cluster/kill/rate", report.AchievedRate, "requests/s") { Note = $"{options.Share:P0} of capacity, open loop, {options.Duration.TotalSeconds:0} s" },
            new("cluster/kill/lost", report.Failed, "requests") { Note = $"of {report.Sent}, deadline {Deadline.TotalSeconds:0} s" },
            new("cluster/kill/stale", stale, "answers") { Note = $"below version {token}" },
            new("cluster/kill/recovery", recovery?.TotalSeconds ?? -1, "s") { Note = "from kill -9 to throughput at 90 % for 2 s; limit 8" },
            new("cluster/kill/p50", report.LatencyMs.P50, "ms"),
            new("cluster/kill/p99.9", report.LatencyMs.P999, "ms") { Note = $"the kill included; most {report.LatencyMs.Max:0} ms" },
            new("cluster/kill/replacement", byReplacement, "answers") { Note = $"by the silo that was ready {(options.Duration - joined).TotalSeconds:0.0} s before the end" },
        ], failures);

        async Task At(TimeSpan time)
        {
            var left = time - Stopwatch.GetElapsedTime(start);
            if (left > TimeSpan.Zero) await Task.WhenAny(loading, Task.Delay(left, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
