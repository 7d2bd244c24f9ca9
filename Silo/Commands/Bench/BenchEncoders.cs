using System.CommandLine;
using FewShotCluster.Bench.Encoders;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Models;
using FewShotCluster.Silo.Commands.Encode;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Silo.Commands.Models;
using FewShotCluster.Vision.Checkpoints;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Inference;
using FewShotCluster.Vision.Models;
using Spectre.Console;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary><c>fewshotd bench encoders</c>: how fast the networks are, against ONNX Runtime.</summary>
internal static class BenchEncoders
{
    private static readonly TimeSpan LongestComparison = TimeSpan.FromMinutes(3);
    private const int MostRows = 4096, MostThreads = 1024;
    private const string Onnx = "onnxruntime", Eager = "eager";

    public static Command Create()
    {
        var weights = new Option<string[]>("--weights")
        {
            Description = "Checkpoints to measure, in place of random weights of the published sizes.",
            AllowMultipleArgumentsPerToken = true,
        };
        var batches = ListOption.Numbers("--batch", "Rows a call.", MostRows, 1, 8);
        var threads = ListOption.Numbers("--threads", "Of torch and of ONNX Runtime.", MostThreads, 1, Environment.ProcessorCount);
        var dtypes = ListOption.Words(
            "--dtype", "Number formats of ours; auto: what a node would take. The opponent computes float32.",
            ComputeWords.Of<ComputeDtype>(), "float32", "auto");
        var kernels = ListOption.Words(
            "--kernels", "What computes ours; auto: what a node would take.", ComputeWords.Of<ComputeKernels>(), "auto");
        var models = new Option<string?>("--models")
        {
            Description = $"Some of {string.Join(",", TrueSize.All.SelectMany(m => m.Workloads))}; all by default.",
        };
        var against = new Option<string?>("--against")
        {
            Description = "The opponent: onnxruntime (the default on the CPU, where it runs) or eager, the plain modules in float32.",
        };
        against.AcceptOnlyFromAmong(Onnx, Eager);
        var device = DeviceOption.Create();
        var (rounds, seed, json) = (
            BenchOptions.Count("--rounds", "Rounds without a busy neighbour that a figure is the median of.", 7),
            BenchOptions.Seed(), LocalVerb.JsonOption());
        var command = new Command("encoders", "Times the networks against ONNX Runtime, interleaved in one process.")
        {
            weights, batches, threads, dtypes, kernels, models, device, against, rounds, seed, json,
        };
        command.SetAction((parsed, token) =>
        {
            var where = TorchDevice.Open(parsed.GetValue(device)!);
            var isCpu = where.type == TorchSharp.DeviceType.CPU;
            var opponent = parsed.GetValue(against) ?? (isCpu ? Onnx : Eager);
            if (!isCpu && opponent == Onnx) throw LocalVerb.Invalid("--against: this build's ONNX Runtime runs on the CPU alone");
            var options = new EncoderBenchOptions
            {
                Workloads = parsed.GetValue(models)?.Split(',', StringSplitOptions.TrimEntries).ToHashSet(),
                Batches = parsed.GetValue(batches)!,
                Threads = parsed.GetValue(threads)!,
                Dtypes = [.. parsed.GetValue(dtypes)!.Select(ComputeWords.Parse<ComputeDtype>)],
                Kernels = [.. parsed.GetValue(kernels)!.Select(ComputeWords.Parse<ComputeKernels>)],
                Device = where,
                AgainstEager = opponent == Eager,
                // A GPU's calls are short, and its host's neighbours do not slow it down.
                Rounds = isCpu
                    ? new Interleaved { Rounds = parsed.GetValue(rounds), Limit = LongestComparison }
                    : new Interleaved { Rounds = parsed.GetValue(rounds), Limit = TimeSpan.FromSeconds(10), Turn = TimeSpan.FromMilliseconds(50) },
            };
            return RunAsync(options, parsed.GetValue(weights)!, parsed.GetValue(seed), parsed.GetValue(json), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        EncoderBenchOptions options, IReadOnlyList<string> weights, ulong seed, string? json, CancellationToken cancellationToken)
    {
        OutputFile.Check("--json", json);
        var results = await LocalVerb.RunAsync(json, (progress, stop) =>
        {
            var bench = new EncoderBench(options, progress);
            var measured = new List<EncoderResult>();
            foreach (var open in weights.Count > 0 ? weights.Select(file => (Func<BenchModel>)(() => Load(file))) : Random(options, seed))
            {
                stop.ThrowIfCancellationRequested();
                using var model = open();
                measured.AddRange(bench.Run(model, stop));
            }
            return measured.Count > 0 ? measured : throw LocalVerb.Invalid("--models: none of these is measured on the weights given");
        }, cancellationToken);
        EncodersTable.Print(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(LocalVerb.Story(json)) }), results);
        OutputFile.WriteJson(json, BenchReport.Of([.. results.Select(result => result.ToFigure())]));
        foreach (var result in results.Where(r => !r.Agrees))
            Console.Error.WriteLine(
                $"{result.ToFigure().Name}: not the features of {result.Opponent.Name}, cosine {result.Cosine:0.000000}");
        return results.All(r => r.Agrees) ? 0 : 1;
    }

    private static IEnumerable<Func<BenchModel>> Random(EncoderBenchOptions options, ulong seed)
    {
        var known = TrueSize.All.SelectMany(size => size.Workloads);
        if (options.Workloads?.Except(known).ToList() is [var unknown, ..])
            throw LocalVerb.Invalid($"--models: '{unknown}' is none of {string.Join(", ", known)}");
        return TrueSize.All
            .Where(size => options.Workloads is null || size.Workloads.Any(options.Workloads.Contains))
            .Select(size => (Func<BenchModel>)(() => new BenchModel(size.Random(seed), size.Name)));
    }

    private static BenchModel Load(string weights)
    {
        using var checkpoint = Checkpoint.Open(weights);
        return new BenchModel(
            LoadedModel.KindOf(checkpoint) == ModelKind.Clip
                ? Clip.Load(checkpoint, ActivationOption.Of(weights))
                : ConvNeXtV2.Load(checkpoint),
            Path.GetFileNameWithoutExtension(weights));
    }
}
