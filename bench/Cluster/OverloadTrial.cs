using System.Diagnostics;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Processes;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Cluster;

/// <summary>
/// Twice the load that a node can answer, under deadlines: what is answered in time must stay what it is at capacity, the queue bounded,
/// and the node itself again soon after. Then a storm of callers that go away, and capacity once more.
/// </summary>
/// <param name="trial">The processes.</param>
/// <param name="options">How much.</param>
public sealed class OverloadTrial(TrialCluster trial, OverloadTrial.Options options)
{
    private const string Set = "overload", Queue = "fewshot_queue_length";
    private const int ProbesInTime = 5;
    private static readonly TimeSpan ZeroPatience = TimeSpan.FromSeconds(10);
    private readonly List<string> failures = [];
    // Beyond those that measured capacity.
    private long photosSent = 1L << 32;

    /// <summary>How much.</summary>
    /// <param name="Duration">Of the overload; the loads at capacity take half of it.</param>
    public sealed record Options(TimeSpan Duration)
    {
        /// <summary>Of each request, from its intended send time.</summary>
        public TimeSpan Deadline { get; init; } = TimeSpan.FromMilliseconds(500);

        /// <summary>Of the measurement of capacity.</summary>
        public TimeSpan Measuring { get; init; } = TimeSpan.FromSeconds(6);

        /// <summary>Times capacity.</summary>
        public double Factor { get; init; } = 2;
    }

    /// <summary>Runs the trial.</summary>
    public async Task<TrialResult> RunAsync(CancellationToken cancellationToken)
    {
        var node = await trial.StartAsync("node-a", null, cancellationToken);
        // No repetitions: the load stays what it is called.
        await using var client = await TrialCluster.ConnectAsync([node], cancellationToken, o => o with { MaxRetries = 0 });
        await TrialCluster.CreateAsync(client, Set, 100, cancellationToken);
        var photos = new PhotoSource(trial.Photos, unique: true);
        var capacity = (await Capacity.MeasureAsync(trial, client, Set, photos, options.Measuring, cancellationToken)).Goodput;

        var send = Fresh(LoadGenerator.Classify(client, Set, photos, new ClassifyOptions { Learn = false }));
        var before = await LoadAsync(node, "1x capacity", capacity, options.Duration / 2, send, cancellationToken);
        var over = await LoadAsync(node, $"{options.Factor:0.#}x capacity", options.Factor * capacity, options.Duration, send, cancellationToken);
        var recovery = await RecoveryAsync(client, photos, cancellationToken);
        var zero = await ZeroAsync(node, "the overload", cancellationToken);

        var storm = await LoadAsync(node, "cancellations", options.Factor * capacity, options.Duration / 4, Fleeting(send), cancellationToken);
        var zeroAfterStorm = await ZeroAsync(node, "the storm of cancellations", cancellationToken);
        var after = await LoadAsync(node, "1x capacity again", capacity, options.Duration / 2, send, cancellationToken);

        var limit = (await client.GetStatusAsync(cancellationToken)).Devices.Sum(device => device.QueueLimit);
        var largest = Math.Max(over.Queue, storm.Queue);
        if (largest > limit) failures.Add($"the queue grew to {largest}, its limit is {limit}");
        return new(
        [
            new("cluster/overload/capacity", capacity, "answers/s") { Note = $"closed loop of {Capacity.Callers} callers, fresh photos" },
            Goodput("cluster/overload/goodput-1x", before.Report, null),
            Goodput($"cluster/overload/goodput-{options.Factor:0.#}x", over.Report, before.Report),
            new("cluster/overload/p99", over.Report.LatencyMs.P99, "ms") { Note = "of the answers, from the intended send time" },
            new("cluster/overload/queue", largest, "items") { Note = $"the most seen at two looks a second; limit {limit}" },
            new("cluster/overload/recovery", recovery, "s") { Note = $"from the last send to {ProbesInTime} answers in time one after the other; limit 5" },
            new("cluster/overload/in-flight-zero", zero ?? -1, "s") { Note = "until every gauge of work under way is 0; -1: never" },
            new("cluster/overload/storm-in-flight-zero", zeroAfterStorm ?? -1, "s")
            {
                Note = $"after {storm.Report.Sent} requests, {storm.Report.Failed} of them cancelled by their callers within 100 ms or refused",
            },
            Goodput("cluster/overload/goodput-1x-after-storm", after.Report, before.Report),
        ], failures);
    }

    private Figure Goodput(string name, LoadReport report, LoadReport? against) =>
        new(name, report.Goodput, "answers/s", against is null ? null : "1x", against is null ? null : report.Goodput / against.Goodput)
        {
            Note = $"within {options.Deadline.TotalMilliseconds:0} ms, of {report.AchievedRate:0} requests/s sent; failed {string.Join(", ", report.Errors.Select(e => $"{e.Key} {e.Value}"))}"
                + (report.NotSent > 0 ? $"; {report.NotSent} left out" : ""),
        };

    private async Task<(LoadReport Report, double Queue)> LoadAsync(
        NodeProcess node, string step, double rate, TimeSpan duration,
        Func<LoadRequest, CancellationToken, Task<ClassificationAnswer>> send, CancellationToken cancellationToken)
    {
        trial.Progress(step, 0);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = Gauges.LargestAsync(node, Queue, done.Token);
        var report = await new LoadGenerator(LoadPlan.Open(rate, duration) with { Deadline = options.Deadline }, send)
        {
            Progress = now => trial.Progress(step, Math.Min(0.99, now.Elapsed / duration)),
        }.RunAsync(cancellationToken);
        await done.CancelAsync();
        trial.Progress(step, 1);
        foreach (var (code, count) in report.Errors)
            if (code is not (nameof(FewShotErrorCode.Overloaded) or nameof(FewShotErrorCode.DeadlineExceeded)))
                failures.Add($"{step}: {count} requests failed as {code}");
        return (report, await watching);
    }

    // Photos that no load before has sent.
    private Func<LoadRequest, CancellationToken, Task<ClassificationAnswer>> Fresh(Func<LoadRequest, CancellationToken, Task<ClassificationAnswer>> send) =>
        (request, token) => send(request with { Index = Interlocked.Increment(ref photosSent) }, token);

    // Callers that go away after up to 100 ms.
    private static Func<LoadRequest, CancellationToken, Task<ClassificationAnswer>> Fleeting(
        Func<LoadRequest, CancellationToken, Task<ClassificationAnswer>> send) => async (request, token) =>
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(token);
        gone.CancelAfter(Random.Shared.Next(100));
        try
        {
            return await send(request, gone.Token);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested)
        {
            throw new FewShotException(FewShotErrorCode.DeadlineExceeded, "the caller went away");
        }
    };

    private async Task<double> RecoveryAsync(FewShotClient client, PhotoSource photos, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var (inTime, since) = (0, 0.0);
        while (inTime < ProbesInTime && Stopwatch.GetElapsedTime(start).TotalSeconds < 60)
        {
            if (inTime == 0) since = Stopwatch.GetElapsedTime(start).TotalSeconds;
            try
            {
                await client.ClassifyAsync(
                    Set, photos.Photo(Interlocked.Increment(ref photosSent)), new ClassifyOptions { Learn = false, Deadline = options.Deadline / 5 }, cancellationToken);
                inTime++;
            }
            catch (FewShotException)
            {
                inTime = 0;
            }
        }
        if (inTime < ProbesInTime) failures.Add("no recovery within a minute");
        return since;
    }

    private async Task<double?> ZeroAsync(NodeProcess node, string after, CancellationToken cancellationToken)
    {
        var seconds = await Gauges.UntilZeroAsync(node, ZeroPatience, cancellationToken);
        if (seconds is null) failures.Add($"gauges of work under way are not 0 {ZeroPatience.TotalSeconds:0} s after {after}");
        return seconds;
    }
}
