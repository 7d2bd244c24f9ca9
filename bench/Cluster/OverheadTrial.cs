using System.Diagnostics;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Serving;
using FewShotCluster.Client;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Load;

namespace FewShotCluster.Bench.Cluster;

/// <summary>
/// What the cluster costs around a device: a photo from the SDK over loopback through a node, against the same device worker called in
/// this process. By turns: single calls on null models of 1 ms; saturated throughput at true sizes.
/// </summary>
/// <param name="trial">The processes.</param>
/// <param name="options">How much.</param>
public sealed class OverheadTrial(TrialCluster trial, OverheadTrial.Options options)
{
    private const string Set = "overhead";
    private const int PhotoBytes = 150_000, Batch = 8, Callers = 3 * Batch, Warm = 1000;

    /// <summary>How much.</summary>
    /// <param name="Pairs">Single calls of each kind on null models; 0 leaves them out.</param>
    /// <param name="Rounds">Turns of each kind at true sizes; 0 leaves them out.</param>
    /// <param name="Vocabulary">BPE merges for the models of true sizes.</param>
    public sealed record Options(int Pairs, int Rounds, string Vocabulary)
    {
        /// <summary>Images of a turn at true sizes.</summary>
        public int Images { get; init; } = 160;
    }

    /// <summary>Runs the trial.</summary>
    public async Task<TrialResult> RunAsync(CancellationToken cancellationToken)
    {
        var figures = new List<Figure>();
        if (options.Pairs > 0) figures.AddRange(await NullAsync(cancellationToken));
        if (options.Rounds > 0) figures.AddRange(await TrueSizesAsync(cancellationToken));
        return new(figures, []);
    }

    private async Task<List<Figure>> NullAsync(CancellationToken cancellationToken)
    {
        var settings = new FewShotNodeOptions { NullEncoders = 2 };
        var node = await trial.StartAsync(
            "node-null", spec => spec with { Environment = new Dictionary<string, string> { ["FEWSHOT_NULL_ENCODERS"] = "2" } }, cancellationToken);
        await using var client = await node.ConnectAsync(cancellationToken);
        await TrialCluster.CreateAsync(client, Set, 403, cancellationToken);
        var source = new NullModelSource(settings);
        using var bare = new BareWorker(source, settings);
        var models = await bare.StartAsync();
        var photos = new PhotoSource([PaddedPhoto.Of(trial.Photos[0], PhotoBytes)], unique: true);
        var ask = new ClassifyOptions { Learn = false };
        var (sdk, worker) = (new LatencyHistogram(), new LatencyHistogram());
        const string step = "single calls, SDK and worker by turns";
        for (var i = -Warm; i < options.Pairs; i++)
        {
            var photo = photos.Photo(i + Warm);
            var planes = models.Prepare!(photo.ToArray());
            var first = await TimeAsync(() => client.ClassifyAsync(Set, photo, ask, cancellationToken));
            var second = await TimeAsync(() => bare.EncodeAsync(planes, cancellationToken));
            if (i < 0) continue;
            sdk.Record(first);
            worker.Record(second);
            trial.Progress(step, (i + 1.0) / options.Pairs);
        }
        await node.KillAsync();
        var (whole, alone) = (sdk.Summary(), worker.Summary());
        return
        [
            new("cluster/overhead/null-model/sdk-p50", whole.P50, "ms") { Note = $"{options.Pairs} fresh photos of {PhotoBytes / 1000} KB one at a time, 403 classes, 2 null encoders of 1 ms together; p99 {whole.P99:0.00}" },
            new("cluster/overhead/null-model/worker-p50", alone.P50, "ms") { Note = $"the device worker in this process, by turns with it; p99 {alone.P99:0.00}" },
            new("cluster/overhead/null-model/p50", whole.P50 - alone.P50, "ms") { Note = "difference of the medians; limit 0.5" },
        ];
    }

    private async Task<List<Figure>> TrueSizesAsync(CancellationToken cancellationToken)
    {
        const string preparing = "models of true sizes";
        trial.Progress(preparing, 0);
        var folder = trial.Path("true-sizes");
        TrueSizeFolder.WriteEncoder(folder, options.Vocabulary);
        var settings = new FewShotNodeOptions { ModelsDirectory = folder, MaxBatch = Batch, WarmUpTime = TimeSpan.FromSeconds(10) };
        using var bare = new BareWorker(new ManifestModelSource(settings), settings);
        var models = await bare.StartAsync();
        trial.Progress(preparing, 1);
        var node = await trial.StartAsync("node-true", spec => spec with
        {
            Models = folder,
            Threads = 0,
            Environment = new Dictionary<string, string> { ["FEWSHOT_MAX_BATCH"] = $"{Batch}", ["FEWSHOT_WARM_UP_TIME"] = "00:00:10" },
        }, cancellationToken);
        await using var client = await node.ConnectAsync(cancellationToken);
        await TrialCluster.CreateAsync(client, Set, 403, cancellationToken);
        var photos = new PhotoSource([.. trial.Photos.Select(photo => PaddedPhoto.Of(photo, PhotoBytes))], unique: true);
        var planes = trial.Photos.Take(32).Select(photo =>
        {
            using var picture = Vision.Imaging.ImageDecoder.Decode(photo);
            return models.Encoders.Select(encoder => encoder.Network.Preprocess(picture)).ToArray();
        }).ToArray();
        var sent = 0L;
        var ask = new ClassifyOptions { Learn = false, Deadline = TimeSpan.FromMinutes(2) };
        Task Sdk() => client.ClassifyAsync(Set, photos.Photo(Interlocked.Increment(ref sent)), ask, cancellationToken);
        Task Worker() => bare.EncodeAsync(planes[Interlocked.Increment(ref sent) % planes.Length], cancellationToken);

        const string step = "saturated, SDK and worker by turns";
        var (sdk, worker) = (new List<double>(), new List<double>());
        await SaturateAsync(Sdk, Callers * 2);
        await SaturateAsync(Worker, Callers * 2);
        for (var round = 0; round < options.Rounds; round++)
        {
            // Each comes first as often as the other.
            if (round % 2 == 0) sdk.Add(await SaturateAsync(Sdk, options.Images));
            worker.Add(await SaturateAsync(Worker, options.Images));
            if (round % 2 == 1) sdk.Add(await SaturateAsync(Sdk, options.Images));
            trial.Progress(step, (round + 1.0) / options.Rounds);
        }
        var ratio = Spread.Of(sdk.Zip(worker, (through, alone) => through / alone));
        return
        [
            new("cluster/overhead/true-sizes/worker", Spread.Of(worker).Median, "images/s")
            {
                Note = $"vit-b-32 with random weights, batches of {Batch}, {Callers} callers, preprocessed images",
            },
            new("cluster/overhead/true-sizes/sdk", Spread.Of(sdk).Median, "images/s", "the bare worker", ratio.Median, ratio.Low, ratio.High,
                $"JPEGs of {PhotoBytes / 1000} KB through SDK and node, {options.Rounds} turns of {options.Images} images; at least 0.97 wanted"),
        ];
    }

    private static async Task<TimeSpan> TimeAsync<T>(Func<Task<T>> call)
    {
        var start = Stopwatch.GetTimestamp();
        await call();
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Images a second between the first batch's end and the last one's: filling the queue is not throughput.</summary>
    private static async Task<double> SaturateAsync(Func<Task> one, int images)
    {
        var (left, ends) = (images, new List<long>(images));
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await one();
                lock (ends) ends.Add(Stopwatch.GetTimestamp());
            }
        }));
        ends.Sort();
        return (ends.Count - Batch) / Stopwatch.GetElapsedTime(ends[Batch - 1], ends[^1]).TotalSeconds;
    }
}
