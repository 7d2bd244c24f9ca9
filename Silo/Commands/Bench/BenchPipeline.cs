using System.CommandLine;
using FewShotCluster.Bench.Cluster;
using FewShotCluster.Bench.Serving;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Silo.Hosting;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary><c>fewshotd bench pipeline</c>: photos through the whole cascade of a node.</summary>
internal static class BenchPipeline
{
    public static Command Create()
    {
        var models = new Option<string?>("--models") { Description = "Folder of the models; by default ViT-B/32, RN101 and ConvNeXt-V2-Base (384) with random weights." };
        var photos = BenchOptions.Count("--photos", "Of each way through the cascade, one after the other.", 100);
        var callers = NumberOption.Usual("--callers", "At full load.", 64, 1, 1024);
        var duration = NumberOption.Usual("--duration", "Seconds of each way at full load.", 10.0, 0.1, 3600);
        var threads = NumberOption.Usual("--threads", "Of the device; 0: the node's choice.", 0, 0, 1024);
        var device = DeviceOption.Create();
        var json = LocalVerb.JsonOption();
        var command = new Command("pipeline", "Measures photos through the whole cascade, from the SDK to the answer.")
        {
            models, photos, callers, duration, threads, device, json,
        };
        command.SetAction((parsed, token) => RunAsync(
            parsed.GetValue(models),
            new(DeviceOption.Numbered(parsed.GetValue(device)!), parsed.GetValue(photos))
            {
                Callers = parsed.GetValue(callers),
                FullLoad = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                Threads = parsed.GetValue(threads),
            },
            parsed.GetValue(json), token));
        return command;
    }

    private static async Task<int> RunAsync(string? models, PipelineBench.Options options, string? json, CancellationToken cancellationToken)
    {
        OutputFile.Check("--json", json);
        var temporary = models is null ? Directory.CreateTempSubdirectory("fewshot-bench-") : null;
        try
        {
            var result = await LocalVerb.RunTaskAsync(json, (progress, stop) => Task.Run(async () =>
            {
                if (temporary is not null)
                {
                    progress("writing random weights", 0);
                    TrueSizeFolder.WriteCascade(temporary.FullName, Path.Combine(NodeSettings.DemoModels, "merges.txt"));
                    progress("writing random weights", 1);
                }
                await using var trial = new TrialCluster(Path.GetFullPath(models ?? temporary!.FullName), TrialPhotos.Drawn(), progress);
                return await new PipelineBench(trial, options).RunAsync(stop);
            }, stop), cancellationToken);
            return TrialReport.Print(result, json);
        }
        finally
        {
            temporary?.Delete(recursive: true);
        }
    }
}
