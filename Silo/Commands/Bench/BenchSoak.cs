using System.CommandLine;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Robustness;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Silo.Commands.Models;
using FewShotCluster.Vision.Encoders;
using FewShotCluster.Vision.Inference;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary><c>fewshotd bench soak</c>: many batches through the serving encoders, whose memory must stay as it is.</summary>
internal static class BenchSoak
{
    private const double MiB = 1 << 20;

    public static Command Create()
    {
        var encodes = BenchOptions.Count("--encodes", "Batches of 1 to 8 pictures or texts.", 20_000);
        var (seed, json, folder) = (BenchOptions.Seed(), LocalVerb.JsonOption(), ModelsCommand.FolderOption());
        var weights = new Option<string?>("--weights") { Description = "These weights instead of a models folder." };
        var vocabulary = new Option<string?>("--vocab") { Description = "BPE merges of --weights; without them, they are a refiner's." };
        var device = DeviceOption.Create();
        var dtype = new Option<string>("--dtype") { Description = "Number format; auto: what a node would take.", DefaultValueFactory = _ => "auto" };
        dtype.AcceptOnlyFromAmong(ComputeWords.Of<ComputeDtype>());
        var command = new Command("soak", "Encodes for long and fails if the resident memory grows.")
        {
            encodes, seed, folder, weights, vocabulary, device, dtype, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(vocabulary) is not null && result.GetValue(weights) is null)
                result.AddError("--vocab belongs to --weights");
        });
        command.SetAction((parsed, token) =>
        {
            var plan = ComputePlan.For(TorchDevice.Open(parsed.GetValue(device)!), ComputeWords.Parse<ComputeDtype>(parsed.GetValue(dtype)!));
            Func<SoakModels> load = parsed.GetValue(weights) is { } file
                ? () => SoakModels.Of(file, parsed.GetValue(vocabulary), plan)
                : () => SoakModels.OfFolder(parsed.GetValue(folder)!, plan);
            return RunAsync(load, parsed.GetValue(encodes), parsed.GetValue(seed), parsed.GetValue(json), token);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Func<SoakModels> load, int encodes, ulong seed, string? json, CancellationToken cancellationToken)
    {
        OutputFile.Check("--json", json);
        var report = await LocalVerb.RunAsync(json, (progress, stop) =>
        {
            progress("loading weights", 0);
            using var models = load();
            progress("loading weights", 1);
            return new SoakRun(models.Encoders, models.Refiner, seed).Run(encodes, share => progress("encoding", share), stop);
        }, cancellationToken);
        LocalVerb.Story(json).WriteLine(
            $"{report.Encodes} batches, {report.Items} items in {report.Seconds:0.0} s: "
            + $"resident {report.AfterThousand / MiB:0.0} MiB after the first thousand, {report.AtEnd / MiB:0.0} MiB at the end, "
            + $"growth {report.Growth:+0.0 %;-0.0 %;0.0 %} "
            + $"({(report.Leaks ? "it leaks" : $"below {SoakReport.MostGrowth:P0}")}), peak {report.Peak / MiB:0.0} MiB");
        var samples = string.Join(' ', report.Samples.Select(bytes => $"{bytes / MiB:0.0}"));
        OutputFile.WriteJson(json, BenchReport.Of(
        [
            new("soak/encodes", report.Encodes, "batches") { Note = $"seed {seed}, {report.Items} items" },
            new("soak/memory-after-thousand", report.AfterThousand / MiB, "MiB") { Note = "resident, after a collection" },
            new("soak/memory-end", report.AtEnd / MiB, "MiB")
            {
                High = report.Highest / MiB,
                Note = $"resident, after a collection; by thousands: {samples}",
            },
            new("soak/memory-peak", report.Peak / MiB, "MiB") { Note = "resident, garbage included" },
            new("soak/memory-growth", 100 * report.Growth, "%") { Note = "the highest sample against the first thousand; 2 % is a leak" },
            new("soak/seconds", report.Seconds, "s"),
        ]));
        return report.Leaks ? 1 : 0;
    }

    /// <summary>The serving encoders that are soaked.</summary>
    private sealed record SoakModels(IReadOnlyList<IImageTextEncoder> Encoders, IRefinerBackbone? Refiner) : IDisposable
    {
        public static SoakModels Of(string weights, string? vocabulary, ComputePlan plan) => vocabulary is null
            ? new([], RefinerEncoder.Load(weights, plan: plan))
            : new([ClipEncoder.Load(weights, vocabulary, plan)], null);

        public static SoakModels OfFolder(string folder, ComputePlan plan)
        {
            var manifest = ModelManifest.Load(folder);
            var (encoders, refiner) = (new List<IImageTextEncoder>(), (IRefinerBackbone?)null);
            foreach (var model in manifest.Models)
            {
                var weights = manifest.Resolve(model.Weights);
                if (model.Kind == ModelKind.Clip)
                    encoders.Add(ClipEncoder.Load(weights, manifest.Resolve(model.Vocabulary!), plan, model.Activation));
                else
                    refiner ??= RefinerEncoder.Load(weights, model.Resolution ?? RefinerEncoder.DefaultResolution, plan);
            }
            return new(encoders, refiner);
        }

        public void Dispose()
        {
            foreach (var encoder in Encoders) encoder.Dispose();
            Refiner?.Dispose();
        }
    }
}
