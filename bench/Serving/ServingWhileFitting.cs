using System.Collections.Concurrent;
using System.Diagnostics;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Grains.Devices;
using FewShotCluster.Grains.Hosting;
using FewShotCluster.Load;
using FewShotCluster.Vision.Adaptation;
using TorchSharp;

namespace FewShotCluster.Bench.Serving;

/// <summary>
/// What callers feel of a fit: single images arrive at a steady rate at a device worker, by turns without and with InMaP
/// refits that run one after the other as slices of the same worker.
/// </summary>
/// <param name="options">How much.</param>
/// <param name="progress">Gets a step's name and its share done.</param>
public sealed class ServingWhileFitting(ServingWhileFitting.Options options, Action<string, double> progress)
{
    private const int Pictures = 64;
    private readonly ConcurrentQueue<double> slices = [];
    private readonly ConcurrentDictionary<int, double> longest = new();
    private int fits;

    /// <summary>How much.</summary>
    /// <param name="Models">Models folder of the worker.</param>
    /// <param name="Turn">Of arrivals without a fit, and of arrivals with one.</param>
    /// <param name="Rounds">Of both turns.</param>
    public sealed record Options(string Models, TimeSpan Turn, int Rounds)
    {
        /// <summary>Share of the rate that single images one after the other reach.</summary>
        public double Load { get; init; } = 0.5;

        /// <summary>Unlabelled images of the refit.</summary>
        public int Images { get; init; } = 10_000;

        /// <summary>Feature size.</summary>
        public int Dimension { get; init; } = 512;

        /// <summary>Classes.</summary>
        public int Classes { get; init; } = 403;

        /// <summary>Gradient steps of the refit.</summary>
        public int Iterations { get; init; } = 20;

        /// <summary>Threads of the worker; 0: all cores.</summary>
        public int Threads { get; init; }
    }

    /// <summary>Runs the turns.</summary>
    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var node = new FewShotNodeOptions
        {
            ModelsDirectory = options.Models,
            ThreadsPerDevice = options.Threads,
            MaxBatch = 8,
            WarmUpTime = TimeSpan.FromSeconds(5),
        };
        using var bare = new BareWorker(new ManifestModelSource(node), node);
        progress("loading", 0);
        var encoders = (await bare.StartAsync()).Encoders;
        var random = new Random(1);
        var pictures = Enumerable.Range(0, Pictures).Select(_ => encoders.Select(encoder => Planes(encoder.Info.Resolution, random)).ToArray()).ToArray();
        progress("loading", 1);

        var alone = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await bare.EncodeAsync(pictures[i], cancellationToken);
            alone.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        var rate = options.Load / Spread.Of(alone.Skip(5)).Median;
        using var problem = new RefitProblem(options);
        var (without, with) = (new LatencyHistogram(), new LatencyHistogram());
        for (var round = 0; round < options.Rounds; round++)
        {
            await TurnAsync(bare, pictures, rate, without, cancellationToken);
            progress("without and with a fit", (round + 0.5) / options.Rounds);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var fitting = FitAsync(bare.Worker, problem, stop.Token);
            await TurnAsync(bare, pictures, rate, with, cancellationToken);
            await stop.CancelAsync();
            await fitting;
            progress("without and with a fit", (round + 1.0) / options.Rounds);
        }
        return Figures(rate, without.Summary(), with.Summary());
    }

    private static byte[] Planes(int side, Random random)
    {
        var planes = new byte[3 * side * side];
        random.NextBytes(planes);
        return planes;
    }

    private List<Figure> Figures(double rate, LatencySummary without, LatencySummary with)
    {
        var setting = $"single images at {rate:0.0}/s ({options.Load:P0} of one after the other), from their intended times, "
            + $"{options.Rounds} turns of {options.Turn.TotalSeconds:0} s each";
        var times = Spread.Of(slices);
        var worst = string.Join(", ", longest.OrderByDescending(step => step.Value).Take(8).Select(step => $"{step.Key}: {step.Value:0}"));
        return
        [
            new("serving/without-fit/p50", without.P50, "ms") { Note = setting },
            new("serving/without-fit/p99", without.P99, "ms"),
            new("serving/with-fit/p50", with.P50, "ms", "without a fit", without.P50 / with.P50),
            new("serving/with-fit/p99", with.P99, "ms", "without a fit", without.P99 / with.P99)
            {
                Note = $"{100 * (with.P99 / without.P99 - 1):+0;-0} %; limit +20 %",
            },
            new("serving/fits", fits, "fits")
            {
                Note = $"begun, InMaP of {options.Images}x{options.Dimension}, {options.Classes} classes, {options.Iterations} iterations, one after the other",
            },
            new("serving/slice", times.Median, "ms") { Note = $"median; the longest {slices.Max():0} ms; the longest steps by number at their fastest, ms: {worst}" },
        ];
    }

    private async Task TurnAsync(
        BareWorker bare, byte[][][] pictures, double rate, LatencyHistogram latencies, CancellationToken cancellationToken)
    {
        var schedule = new SendSchedule(rate, options.Turn);
        var start = Stopwatch.GetTimestamp();
        var running = new List<Task>();
        for (long index = 0; index < schedule.Count; index++)
        {
            var wait = schedule.Intended(index) - Stopwatch.GetElapsedTime(start);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, cancellationToken);
            running.Add(OneAsync(index));
        }
        await Task.WhenAll(running);

        async Task OneAsync(long index)
        {
            await bare.EncodeAsync(pictures[index % pictures.Length], cancellationToken);
            var latency = Stopwatch.GetElapsedTime(start) - schedule.Intended(index);
            lock (latencies) latencies.Record(latency);
        }
    }

    private async Task FitAsync(DeviceWorker worker, RefitProblem problem, CancellationToken cancellationToken)
    {
        var settings = InmapOptions.Paper with { Iterations = options.Iterations };
        // The runner's own slices, timed one by one.
        var runner = new DeviceFitRunner((step, stop) => worker.RunSliced(Timed(step), stop), worker.Device);
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                fits++;
                await runner.Run(() => new InmapFit(problem.Features, problem.Text, settings), result => result.Proxies.shape[0], _ => { }, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The turn is over.
        }
    }

    private Func<bool> Timed(Func<bool> step)
    {
        var number = 0;
        return () =>
        {
            var start = Stopwatch.GetTimestamp();
            var more = step();
            var milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            slices.Enqueue(milliseconds);
            // Of one step over all fits: its fastest, which no neighbour disturbed.
            longest.AddOrUpdate(number++, milliseconds, (_, before) => Math.Min(before, milliseconds));
            return more;
        };
    }

    /// <summary>Features and texts drawn at random: speed does not depend on what they are.</summary>
    private sealed class RefitProblem : IDisposable
    {
        public RefitProblem(Options options)
        {
            using var scope = torch.NewDisposeScope();
            torch.manual_seed(1);
            Features = Unit(options.Images, options.Dimension).DetachFromDisposeScope();
            Text = Unit(options.Classes, options.Dimension).t().DetachFromDisposeScope();
        }

        public torch.Tensor Features { get; }

        public torch.Tensor Text { get; }

        public void Dispose()
        {
            Features.Dispose();
            Text.Dispose();
        }

        private static torch.Tensor Unit(int rows, int columns)
        {
            var drawn = torch.randn(rows, columns);
            return drawn / drawn.norm(1, keepdim: true);
        }
    }
}
