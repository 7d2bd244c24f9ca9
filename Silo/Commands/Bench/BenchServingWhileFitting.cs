using System.CommandLine;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Bench.Serving;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Silo.Hosting;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary><c>fewshotd bench serving-while-fitting</c>: latency of single images at a device that fits InMaP beside them.</summary>
internal static class BenchServingWhileFitting
{
    public static Command Create()
    {
        var turn = NumberOption.Usual("--turn", "Seconds of a turn without and of one with a fit.", 10.0, 0.1, 3600);
        var rounds = BenchOptions.Count("--rounds", "Of both turns.", 6);
        var load = NumberOption.Usual("--load", "Share of the rate that single images one after the other reach.", 0.5, 0.01, 1);
        var threads = NumberOption.Usual("--threads", "Of the device; 0: all cores.", 0, 0, 1024);
        var images = BenchOptions.Count("--images", "Unlabelled images of the refit.", 10_000);
        var models = new Option<string?>("--models") { Description = "Folder of the models; by default ViT-B/32 with random weights." };
        var json = LocalVerb.JsonOption();
        var command = new Command("serving-while-fitting", "Measures what callers feel of an InMaP refit.") { turn, rounds, load, threads, images, models, json };
        command.SetAction((parsed, token) => RunAsync(
            new(parsed.GetValue(models) ?? "", TimeSpan.FromSeconds(parsed.GetValue(turn)), parsed.GetValue(rounds))
            {
                Load = parsed.GetValue(load),
                Threads = parsed.GetValue(threads),
                Images = parsed.GetValue(images),
            },
            parsed.GetValue(json), token));
        return command;
    }

    private static async Task<int> RunAsync(ServingWhileFitting.Options options, string? json, CancellationToken cancellationToken)
    {
        OutputFile.Check("--json", json);
        var temporary = options.Models.Length == 0 ? Directory.CreateTempSubdirectory("fewshot-bench-") : null;
        try
        {
            var figures = await LocalVerb.RunTaskAsync(json, (progress, stop) => Task.Run(async () =>
            {
                if (temporary is not null) TrueSizeFolder.WriteEncoder(temporary.FullName, Path.Combine(NodeSettings.DemoModels, "merges.txt"));
                var bench = new ServingWhileFitting(temporary is null ? options : options with { Models = temporary.FullName }, progress);
                return await bench.RunAsync(stop);
            }, stop), cancellationToken);
            FiguresTable.Print(LocalVerb.Story(json), figures);
            OutputFile.WriteJson(json, BenchReport.Of(figures));
            return 0;
        }
        finally
        {
            temporary?.Delete(recursive: true);
        }
    }
}
