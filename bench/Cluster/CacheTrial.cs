using FewShotCluster.Client;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Cluster;

/// <summary>Cached photos, sent as bytes: latency of one caller, then answers a second of many.</summary>
/// <param name="trial">The processes.</param>
/// <param name="options">How much.</param>
public sealed class CacheTrial(TrialCluster trial, CacheTrial.Options options)
{
    private const string Set = "cache";

    /// <summary>How much.</summary>
    /// <param name="Duration">Of each of the two loads.</param>
    public sealed record Options(TimeSpan Duration)
    {
        /// <summary>Names of the class set.</summary>
        public int Classes { get; init; } = 403;

        /// <summary>Different photos.</summary>
        public int Photos { get; init; } = 200;

        /// <summary>Of each.</summary>
        public int PhotoBytes { get; init; } = 150_000;

        /// <summary>Callers at full load.</summary>
        public int Callers { get; init; } = 16;
    }

    /// <summary>Runs the trial.</summary>
    public async Task<TrialResult> RunAsync(CancellationToken cancellationToken)
    {
        // What is left of the cores is the client's.
        var node = await trial.StartAsync("node-a", null, cancellationToken);
        await using var client = await node.ConnectAsync(cancellationToken);
        await TrialCluster.CreateAsync(client, Set, options.Classes, cancellationToken);
        var photos = trial.Photos.Take(options.Photos).Select(photo => PaddedPhoto.Of(photo, options.PhotoBytes)).ToList();
        var ask = new ClassifyOptions { Learn = false };
        trial.Progress("filling the cache", 0);
        foreach (var photo in photos) await client.ClassifyAsync(Set, photo, ask, cancellationToken);
        trial.Progress("filling the cache", 1);

        var send = LoadGenerator.Classify(client, Set, new PhotoSource(photos), ask);
        await LoadAsync("warming up", LoadPlan.Closed(options.Callers, options.Duration / 4));
        var low = await LoadAsync("one caller", LoadPlan.Closed(1, options.Duration));
        var full = await LoadAsync($"{options.Callers} callers", LoadPlan.Closed(options.Callers, options.Duration));

        var setting = $"{options.Classes} classes, 2 encoders, {photos.Count} photos of {options.PhotoBytes / 1000} KB as bytes, client on the same machine";
        var misses = low.Answered + full.Answered - low.CacheHits - full.CacheHits;
        var failures = new List<string>();
        if (misses > 0) failures.Add($"{misses} answers were not from the cache");
        if (low.Failed + full.Failed > 0) failures.Add($"{low.Failed + full.Failed} requests failed: {string.Join(", ", low.Errors.Concat(full.Errors))}");
        return new(
        [
            new("cluster/cache/p50", low.LatencyMs.P50, "ms") { Note = $"one caller, limit 0.6; {setting}" },
            new("cluster/cache/p99", low.LatencyMs.P99, "ms") { Note = "one caller" },
            new("cluster/cache/answers", full.Goodput, "answers/s") { Note = $"{options.Callers} callers, at least 3000 wanted" },
            new("cluster/cache/p99-full", full.LatencyMs.P99, "ms") { Note = $"{options.Callers} callers" },
            new("cluster/cache/misses", misses, "answers"),
        ], failures);

        async Task<LoadReport> LoadAsync(string step, LoadPlan plan)
        {
            trial.Progress(step, 0);
            var report = await new LoadGenerator(plan, send)
            {
                Progress = now => trial.Progress(step, Math.Min(0.99, now.Elapsed / plan.Duration)),
            }.RunAsync(cancellationToken);
            trial.Progress(step, 1);
            return report;
        }
    }
}
