using System.Collections.Concurrent;
using System.Diagnostics;
using FewShotCluster.Bench.Processes;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Cluster;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Cluster;

/// <summary>
/// Two nodes with Redis under load at half capacity, names added all the while: one device fails, then the other, then Redis is gone for
/// a while. Reads go on; what was acknowledged stays; status and metrics tell what happened.
/// </summary>
/// <param name="trial">The processes.</param>
/// <param name="options">How much.</param>
public sealed class FaultsTrial(TrialCluster trial, FaultsTrial.Options options)
{
    private const string Set = "faults";
    private const int Before = 100;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10), BetweenWrites = TimeSpan.FromMilliseconds(250), Patience = TimeSpan.FromSeconds(30);
    private readonly List<string> failures = [];

    /// <summary>How much.</summary>
    /// <param name="Duration">Of the load: faults at a tenth and at a quarter, Redis is gone from two fifths on.</param>
    public sealed record Options(TimeSpan Duration)
    {
        /// <summary>How long Redis is gone.</summary>
        public TimeSpan Outage { get; init; } = TimeSpan.FromSeconds(20);

        /// <summary>Of the measurement of capacity.</summary>
        public TimeSpan Measuring { get; init; } = TimeSpan.FromSeconds(6);

        /// <summary>Of capacity.</summary>
        public double Share { get; init; } = 0.5;
    }

    /// <summary>Runs the trial.</summary>
    public async Task<TrialResult> RunAsync(CancellationToken cancellationToken)
    {
        await trial.StartRedisAsync(cancellationToken);
        var injectable = new Dictionary<string, string> { ["FEWSHOT_FAULT_INJECTION"] = "true" };
        NodeProcess[] nodes =
        [
            await trial.StartAsync("node-a", spec => spec with { Environment = injectable }, cancellationToken),
            await trial.StartAsync("node-b", spec => spec with { Environment = injectable }, cancellationToken),
        ];
        await using var client = await TrialCluster.ConnectAsync(nodes, cancellationToken);
        var created = await TrialCluster.CreateAsync(client, Set, Before, cancellationToken);
        var photos = new PhotoSource(trial.Photos, unique: true);
        var capacity = (await Capacity.MeasureAsync(trial, client, Set, photos, options.Measuring, cancellationToken)).Goodput;

        var names = new AddedNames(Before);
        var writer = new NameWriter(client, Set, names);
        var samples = new ConcurrentQueue<LoadSample>();
        var send = LoadGenerator.Classify(
            client, Set, new PhotoSource(trial.Photos, unique: true), new ClassifyOptions { Learn = false, MinimumVersion = created.Version });
        const string step = "load, two faults, Redis gone";
        trial.Progress(step, 0);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var loading = new LoadGenerator(LoadPlan.Open(options.Share * capacity, options.Duration) with { Deadline = Deadline }, send)
        {
            Sampled = samples.Enqueue,
            Progress = now => trial.Progress(step, Math.Min(0.99, now.Elapsed / options.Duration)),
        }.RunAsync(cancellationToken);
        var writing = WriteAsync(writer, done.Token);

        foreach (var (node, at) in nodes.Zip([0.1, 0.25]))
        {
            await At(at * options.Duration);
            using var injected = await node.PostAsync($"/v1/devices/faults?slot={node.Spec.Name}/cpu:0&reason=trial", null, cancellationToken);
            if (!injected.IsSuccessStatusCode) failures.Add($"{node.Spec.Name}: the fault was answered with {(int)injected.StatusCode}");
        }
        await At(0.4 * options.Duration);
        var (gone, writesBefore) = (Stopwatch.GetElapsedTime(start), names.Count);
        await trial.Redis!.KillAsync();
        await At(gone + options.Outage);
        var writesInOutage = names.Count - writesBefore;
        await trial.Redis.RestartAsync(cancellationToken);
        var back = Stopwatch.GetElapsedTime(start);
        var writesAgain = await UntilAsync(() => names.Count > writesBefore + writesInOutage, cancellationToken);
        var report = await loading;
        await done.CancelAsync();
        await writing;
        trial.Progress(step, 1);

        if (report.Failed > 0)
            failures.Add($"{report.Failed} requests were lost: {string.Join(", ", report.Errors)}; first: {samples.First(s => s.Failure is not null).Failure!.Message}");
        // The write that was under way at the end may be there unacknowledged: only what is acknowledged is held against the set.
        failures.AddRange(names.Check(await client.DescribeAsync(Set, cancellationToken)));
        if (writesAgain is null) failures.Add("no write was acknowledged after Redis came back");
        foreach (var (code, count) in writer.Failures)
            if (code is not (FewShotErrorCode.StorageUnavailable or FewShotErrorCode.DeviceUnavailable or FewShotErrorCode.Overloaded or FewShotErrorCode.DeadlineExceeded))
                failures.Add($"{count} writes failed as {code}");
        var inOutage = samples.Count(s => s.Answer is not null && s.Done >= gone && s.Done < back);
        var (faultsTold, states) = await ToldAsync(nodes, client, cancellationToken);
        return new(
        [
            new("cluster/faults/capacity", capacity, "answers/s") { Note = $"two nodes on one machine, closed loop of {Capacity.Callers} callers, fresh photos" },
            new("cluster/faults/lost", report.Failed, "requests") { Note = $"of {report.Sent} at {report.AchievedRate:0}/s, deadline {Deadline.TotalSeconds:0} s" },
            new("cluster/faults/p50", report.LatencyMs.P50, "ms"),
            new("cluster/faults/p99.9", report.LatencyMs.P999, "ms") { Note = $"the faults included; most {report.LatencyMs.Max:0} ms" },
            new("cluster/faults/outage-answers", inOutage / (back - gone).TotalSeconds, "answers/s") { Note = $"while Redis was gone for {(back - gone).TotalSeconds:0.0} s" },
            new("cluster/faults/acknowledged", names.Count, "names") { Note = $"all there exactly once at their versions; {writesInOutage} of them acknowledged while Redis was gone" },
            new("cluster/faults/writes-again", writesAgain ?? -1, "s") { Note = "from Redis being back to the next acknowledged write" },
            new("cluster/faults/write-failures", writer.Failures.Values.Sum(), "calls")
            {
                Note = $"typed, repeated under their operation id: {string.Join(", ", writer.Failures.Select(f => $"{f.Key} {f.Value}"))}",
            },
            new("cluster/faults/told", faultsTold, "faults") { Note = $"in the nodes' metrics; devices now: {states}" },
        ], failures);

        async Task At(TimeSpan time)
        {
            var left = time - Stopwatch.GetElapsedTime(start);
            if (left > TimeSpan.Zero) await Task.Delay(left, cancellationToken);
        }
    }

    private static async Task WriteAsync(NameWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                await writer.AddAsync(i, _ => Task.CompletedTask, cancellationToken);
                await Task.Delay(BetweenWrites, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The load is over.
        }
    }

    private async Task<(double Faults, string States)> ToldAsync(NodeProcess[] nodes, FewShotClient client, CancellationToken cancellationToken)
    {
        var told = 0.0;
        foreach (var node in nodes)
        {
            var faults = (await node.MetricsAsync(cancellationToken)).Sum("fewshot_device_faults_total");
            if (faults < 1) failures.Add($"{node.Spec.Name}: its metrics tell of no fault");
            told += faults;
        }
        var devices = (await client.GetStatusAsync(cancellationToken)).Devices;
        foreach (var device in devices)
        {
            if (device.Faults < 1) failures.Add($"{device.Slot}: its status tells of no fault");
            if (device.State != DeviceState.Active) failures.Add($"{device.Slot}: it is {device.State} at the end");
        }
        if (devices.Count < nodes.Length) failures.Add($"{devices.Count} of {nodes.Length} devices answer at the end");
        return (told, string.Join(", ", devices.Select(device => $"{device.Slot} {device.State}, last fault '{device.LastFault}'")));
    }

    private static async Task<double?> UntilAsync(Func<bool> reached, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (!reached())
        {
            if (Stopwatch.GetElapsedTime(start) > Patience) return null;
            await Task.Delay(10, cancellationToken);
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
