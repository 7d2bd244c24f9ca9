using System.Diagnostics;
using FewShotCluster.Bench.Cluster;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Serving;

/// <summary>
/// The whole cascade from the SDK to the answer: JPEGs over loopback, through a node, its encoders and, for the refiner's family, the
/// refiner. One class set for each way through the cascade, so that every photo takes it: names alone, learned classes, and a family.
/// </summary>
/// <param name="trial">The node's processes; its models are those measured.</param>
/// <param name="options">How much.</param>
public sealed class PipelineBench(TrialCluster trial, PipelineBench.Options options)
{
    private const string Family = "dog";

    /// <summary>How much.</summary>
    /// <param name="Device">Of the node.</param>
    /// <param name="Photos">Single photos of each way, one after the other.</param>
    public sealed record Options(string Device, int Photos)
    {
        /// <summary>Of the device's computations; 0: the node's choice.</summary>
        public int Threads { get; init; }

        /// <summary>Names of the set that has no shots.</summary>
        public int Names { get; init; } = 403;

        /// <summary>Classes that are learned, and classes of the family.</summary>
        public int Learned { get; init; } = 10;

        /// <summary>Of each of them.</summary>
        public int Shots { get; init; } = 4;

        /// <summary>At full load.</summary>
        public int Callers { get; init; } = 64;

        /// <summary>Of each way at full load.</summary>
        public TimeSpan FullLoad { get; init; } = TimeSpan.FromSeconds(10);
    }

    private enum Way
    {
        Names,
        Learned,
        Family,
    }

    /// <summary>Starts the node, makes the class sets and measures.</summary>
    public async Task<TrialResult> RunAsync(CancellationToken cancellationToken)
    {
        var node = await trial.StartAsync("node-a", spec => spec with { Devices = options.Device, Threads = options.Threads }, cancellationToken);
        await using var client = await node.ConnectAsync(cancellationToken);
        var (figures, failures) = (new List<Figure>(), new List<string>());
        var photos = new PhotoSource([.. trial.Photos.Select(EnlargedPhoto.Of)], unique: true);
        foreach (var way in Enum.GetValues<Way>())
        {
            var set = await MakeAsync(client, way, cancellationToken);
            figures.AddRange(await SingleAsync(client, set, way, photos, failures, cancellationToken));
            figures.Add(await FullAsync(client, set, way, photos, failures, cancellationToken));
        }
        return new(figures, failures);
    }

    private async Task<string> MakeAsync(IFewShotClient client, Way way, CancellationToken cancellationToken)
    {
        var set = way.ToString().ToLowerInvariant();
        trial.Progress($"making class set {set}", 0);
        var classes = Enumerable.Range(0, way == Way.Names ? options.Names : options.Learned)
            .Select(i => new ClassDefinition(Names.Of(i), i, way == Way.Family ? Family : null)).ToList();
        await client.CreateClassSetAsync(set, new ClassSetDefinition
        {
            Classes = classes,
            Policy = new ClassSetPolicy
            {
                LearnFromTraffic = false,
                Proxies = ProxyPolicy.Off,
                CrossValidate = false,
                RefinerFamily = way == Way.Family ? Family : null,
            },
        }, cancellationToken: cancellationToken);
        if (way != Way.Names)
        {
            var shots = classes.SelectMany(c => Enumerable.Range(0, options.Shots).Select(i =>
                new Shot($"{c.Name}-{i}", c.Id!.Value, trial.Photos[(c.Id.Value * options.Shots + i) % trial.Photos.Count]))).ToList();
            await client.AddShotsAsync(set, shots, cancellationToken: cancellationToken);
            await client.FitAsync(set, cancellationToken: cancellationToken);
        }
        trial.Progress($"making class set {set}", 1);
        return set;
    }

    private async Task<List<Figure>> SingleAsync(
        IFewShotClient client, string set, Way way, PhotoSource photos, List<string> failures, CancellationToken cancellationToken)
    {
        var (latencies, answers) = (new LatencyHistogram(), new List<ClassificationAnswer>());
        var ask = new ClassifyOptions { Learn = false, Deadline = TimeSpan.FromMinutes(1) };
        var warm = Math.Max(3, options.Photos / 10);
        for (var i = -warm; i < options.Photos; i++)
        {
            var start = Stopwatch.GetTimestamp();
            var answer = await client.ClassifyAsync(set, photos.Photo(i + warm + ((long)way << 32)), ask, cancellationToken);
            if (i < 0) continue;
            latencies.Record(Stopwatch.GetElapsedTime(start));
            answers.Add(answer);
            trial.Progress($"{set}, one photo at a time", (i + 1.0) / options.Photos);
        }
        var stages = string.Join(", ", answers.GroupBy(answer => answer.Stage).Select(stage => $"{stage.Count()} by {stage.Key}"));
        if (way == Way.Family && answers.Any(answer => answer.Stage != CascadeStage.Refiner)) failures.Add($"{set}: not every photo reached the refiner: {stages}");
        if (answers.Any(answer => answer.CacheHit)) failures.Add($"{set}: some photos came from the cache");
        return
        [
            new($"pipeline/{set}/p50", latencies.Milliseconds(50), "ms")
            {
                Note = FormattableString.Invariant(
                    $"one fresh photo at a time, {stages}; in the node, medians: decode and encode {Median(t => t.Encode):0.0}, refine {Median(t => t.Refine):0.0}, all {Median(t => t.Total):0.0}"),
            },
            new($"pipeline/{set}/p99", latencies.Milliseconds(99), "ms"),
        ];

        double Median(Func<StageTimings, double> time) => Spread.Of(answers.Select(answer => time(answer.Timings))).Median;
    }

    private async Task<Figure> FullAsync(
        IFewShotClient client, string set, Way way, PhotoSource photos, List<string> failures, CancellationToken cancellationToken)
    {
        var send = LoadGenerator.Classify(client, set, photos, new ClassifyOptions { Learn = false, Deadline = TimeSpan.FromMinutes(1) });
        var step = $"{set}, {options.Callers} callers";
        trial.Progress(step, 0);
        await RunAsync(options.FullLoad / 2, 1L << 40);
        var report = await RunAsync(options.FullLoad, 1L << 41);
        trial.Progress(step, 1);
        if (report.CacheHits > 0) failures.Add($"{set}: {report.CacheHits} answers came from the cache");
        if (report.Failed > 0) failures.Add($"{set}: {report.Failed} requests failed: {string.Join(", ", report.Errors)}");
        return new($"pipeline/{set}/full-load", report.Goodput, "photos/s")
        {
            Note = FormattableString.Invariant($"{options.Callers} callers on the same machine, p50 {report.LatencyMs.P50:0.0} ms, p99 {report.LatencyMs.P99:0.0} ms"),
        };

        // Photos of other numbers: those of the warm-up, and of the way before, are cached.
        Task<LoadReport> RunAsync(TimeSpan time, long first) => new LoadGenerator(
            LoadPlan.Closed(options.Callers, time),
            (request, token) => send(request with { Index = request.Index + first + ((long)way << 32) }, token)).RunAsync(cancellationToken);
    }
}
