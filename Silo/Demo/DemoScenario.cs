using System.Diagnostics;
using FewShotCluster.Client;
using FewShotCluster.Demo.Classes;
using FewShotCluster.Demo.World;
using FewShotCluster.GrainInterfaces.Classification;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Silo.Demo;

/// <summary>
/// The story the demo tells, through the SDK over a real gateway socket: learn classes from four photos each, watch unlabelled
/// traffic, add names while photos are being classified, and measure every stage on photos nobody has seen.
/// </summary>
internal sealed class DemoScenario(IFewShotClient client, DemoPhotos photos, Action<string, double> progress)
{
    public const string ClassSetId = "demo";
    private const int InFlight = 32;

    // One vehicle of each kind is unknown to the node until it is added by name.
    private static readonly DemoClass[] HotAdded =
        [.. DemoClasses.Unseen.GroupBy(c => ((ThingSpec)c.Spec).Thing).Select(kind => kind.First())];

    private static readonly ClassSetPolicy Policy = new()
    {
        PromptTemplates = ["a photo of a {}.", "a picture of a {}.", "a drawing of the {}."],
        ProxyFusion = new Dictionary<string, double> { ["clip-vit"] = 0.35, ["clip-rn"] = 0.65 },
        ProbeFusion = new Dictionary<string, double> { ["clip-vit"] = 0.35, ["clip-rn"] = 0.65 },
        RefinerFamily = FamilyName(Family.Dog),
        InmapTextTemperature = 0.65,
        InmapImageTemperature = 1.3,
        ProbeInitialAlpha = 1.2,
    };

    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        var hot = HotAdded.ToHashSet();
        await client.CreateClassSetAsync(
            ClassSetId,
            new ClassSetDefinition { Classes = [.. DemoClasses.All.Where(c => !hot.Contains(c)).Select(Definition)], Policy = Policy },
            cancellationToken: cancellationToken);
        await LearnShots(cancellationToken);
        await Watch("unlabelled traffic", photos.Pool.Where(p => !hot.Contains(p.Class)), cancellationToken);
        await Refine(cancellationToken);

        var hotAdd = await AddNamesWhileServing(hot, cancellationToken);
        await Watch("traffic of the new names", photos.Pool.Where(p => hot.Contains(p.Class)), cancellationToken);
        await Refine(cancellationToken);

        var (latency, imagesPerSecond) = await MeasureSpeed(cancellationToken);
        var (accuracy, dogs) = await MeasureAccuracy(cancellationToken);
        return new DemoReport(
            new ClassCounts(DemoClasses.Seen.Count(), DemoClasses.Unseen.Count()), photos.Test.Count, accuracy, dogs, hotAdd, latency, imagesPerSecond);
    }

    private async Task LearnShots(CancellationToken cancellationToken)
    {
        const string step = "four photos of each seen class";
        progress(step, 0);
        List<Shot> shots = [.. photos.Shots.Select((p, i) => new Shot($"shot {i}", p.Class.Id, p.Jpeg))];
        var added = await client.AddShotsAsync(
            ClassSetId, shots, progress: new InlineProgress<ShotsProgress>(s => progress(step, (double)s.Sent / shots.Count)),
            cancellationToken: cancellationToken);
        if (added.Added != shots.Count) throw new InvalidOperationException($"{added.Added} of {shots.Count} shots were added");
        await Published("LP++ and the refiner's head", p => client.FitAsync(ClassSetId, p, cancellationToken));
    }

    private Task Refine(CancellationToken cancellationToken) =>
        Published("InMaP on the unlabelled traffic", p => client.RefineAsync(ClassSetId, p, cancellationToken));

    private async Task Published(string step, Func<IProgress<FitStatus>, Task<FitStatus>> fit)
    {
        progress(step, 0);
        var status = await fit(new InlineProgress<FitStatus>(s => progress(step, s.Progress)));
        if (status.State != FitState.Published) throw new InvalidOperationException($"{step}: {status.State}: {status.Reason}");
        progress(step, 1);
    }

    private Task Watch(string step, IEnumerable<DemoPhoto> traffic, CancellationToken cancellationToken) =>
        ForEachPhoto(step, [.. traffic], photo => client.ClassifyAsync(ClassSetId, photo.Jpeg, cancellationToken: cancellationToken), cancellationToken);

    private async Task<HotAdd> AddNamesWhileServing(HashSet<DemoClass> hot, CancellationToken cancellationToken)
    {
        var newPhotos = photos.Test.Where(p => hot.Contains(p.Class)).ToList();
        var known = photos.Test.Where(p => !hot.Contains(p.Class)).ToList();
        var before = await Top1("hot-add: before", newPhotos, cancellationToken);

        using var serving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var background = Serve(known, serving.Token);
        var clock = Stopwatch.StartNew();
        var added = await client.AddClassesAsync(ClassSetId, [.. HotAdded.Select(Definition)], cancellationToken: cancellationToken);
        var first = await client.ClassifyAsync(
            ClassSetId, newPhotos[0].Jpeg, new ClassifyOptions { MinimumVersion = added.Version }, cancellationToken);
        var visible = clock.Elapsed.TotalMilliseconds;
        if (first.Version < added.Version) throw new InvalidOperationException($"answer of version {first.Version} for token {added.Version}");
        await serving.CancelAsync();
        await background;

        var after = await Top1("hot-add: after", newPhotos, cancellationToken);
        return new HotAdd([.. HotAdded.Select(c => c.Name)], before, after, visible);
    }

    /// <summary>Photos being classified, four at a time, until the token is cancelled.</summary>
    private async Task Serve(List<DemoPhoto> known, CancellationToken cancellationToken)
    {
        try
        {
            for (var i = 0; ; i += 4)
                await Task.WhenAll(Enumerable.Range(i, 4).Select(k =>
                    client.ClassifyAsync(ClassSetId, known[k % known.Count].Jpeg, cancellationToken: cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // the names are in: the background traffic has done its part
        }
    }

    private async Task<double> Top1(string step, List<DemoPhoto> photos, CancellationToken cancellationToken)
    {
        var right = 0;
        await ForEachPhoto(step, photos, async photo =>
        {
            var answer = await client.ClassifyAsync(ClassSetId, photo.Jpeg, cancellationToken: cancellationToken);
            if (answer.Top[0].Id == photo.Class.Id) Interlocked.Increment(ref right);
        }, cancellationToken);
        return (double)right / photos.Count;
    }

    private async Task<(LatencyPercentiles Latency, double ImagesPerSecond)> MeasureSpeed(CancellationToken cancellationToken)
    {
        const string step = "latency, one photo at a time";
        var fresh = photos.Latency;
        var latencies = new List<double>();
        var single = fresh.Where((_, i) => i % DemoPhotos.LatencyPerClass == 0).ToList();
        foreach (var photo in single)
        {
            var clock = Stopwatch.GetTimestamp();
            await client.ClassifyAsync(ClassSetId, photo.Jpeg, cancellationToken: cancellationToken);
            latencies.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            progress(step, (double)latencies.Count / single.Count);
        }

        var many = fresh.Where((_, i) => i % DemoPhotos.LatencyPerClass != 0).ToList();
        var start = Stopwatch.GetTimestamp();
        await ForEachPhoto(
            $"throughput, {InFlight} in flight", many, p => client.ClassifyAsync(ClassSetId, p.Jpeg, cancellationToken: cancellationToken), cancellationToken);
        return (LatencyPercentiles.Of(latencies), many.Count / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private async Task<(AccuracyTable Accuracy, DogAccuracy Dogs)> MeasureAccuracy(CancellationToken cancellationToken)
    {
        var options = new ClassifyOptions { Explain = ExplainMode.AllStages, Top = DemoClasses.All.Count };
        var answers = new ClassificationAnswer[photos.Test.Count];
        var index = photos.Test.Select((photo, i) => (photo, i)).ToDictionary(p => p.photo, p => p.i);
        await ForEachPhoto("every stage on the test photos", photos.Test, async photo =>
            answers[index[photo]] = await client.ClassifyAsync(ClassSetId, photo.Jpeg, options, cancellationToken), cancellationToken);

        var seenIds = DemoClasses.Seen.Select(c => c.Id).ToHashSet();
        var dogIds = DemoClasses.InFamily(Family.Dog).Select(c => c.Id).ToHashSet();
        IReadOnlyList<RankedClass> Ranking(int i, CascadeStage stage) => answers[i].Stages.Single(s => s.Stage == stage).Top;
        double Share(Func<DemoPhoto, bool> which, Func<int, int> predict) => photos.Test
            .Select((photo, i) => (photo, i))
            .Where(p => which(p.photo))
            .Average(p => predict(p.i) == p.photo.Class.Id ? 1.0 : 0.0);
        Accuracy Of(Func<int, int> predict) => new(
            Share(_ => true, predict), Share(p => p.Class.Seen, predict), Share(p => !p.Class.Seen, predict));
        int BestAmong(int i, CascadeStage stage, HashSet<int> ids) => Ranking(i, stage).First(c => ids.Contains(c.Id)).Id;

        var accuracy = new AccuracyTable(
            Of(i => Ranking(i, CascadeStage.Text)[0].Id),
            Of(i => Ranking(i, CascadeStage.Proxies)[0].Id),
            new ProbeAccuracy(
                Share(p => p.Class.Seen, i => Ranking(i, CascadeStage.Probe)[0].Id),
                Share(p => p.Class.Seen, i => BestAmong(i, CascadeStage.Text, seenIds))),
            Of(i => answers[i].Top[0].Id));
        bool IsDog(DemoPhoto p) => dogIds.Contains(p.Class.Id);
        var dogs = new DogAccuracy(
            Share(IsDog, i => BestAmong(i, CascadeStage.Probe, dogIds)), Share(IsDog, i => Ranking(i, CascadeStage.Refiner)[0].Id));
        return (accuracy, dogs);
    }

    private async Task ForEachPhoto(
        string step, IReadOnlyList<DemoPhoto> photos, Func<DemoPhoto, Task> action, CancellationToken cancellationToken)
    {
        var done = 0;
        progress(step, 0);
        await Parallel.ForEachAsync(
            photos, new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellationToken }, async (photo, _) =>
            {
                await action(photo);
                progress(step, (double)Interlocked.Increment(ref done) / photos.Count);
            });
    }

    private static ClassDefinition Definition(DemoClass c) => new(c.Name, c.Id, FamilyName(c.Family));

    private static string FamilyName(Family family) => family.ToString().ToLowerInvariant();

    // Progress<T> posts to a context and may report after the step has ended.
    private sealed class InlineProgress<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
