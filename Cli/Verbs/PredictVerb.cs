using System.CommandLine;
using System.Globalization;
using FewShotCluster.Cli.Batches;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot predict ID --images DIR --out result.txt [--top 5] [--no-refine]</c></summary>
internal static class PredictVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var images = new Option<string>("--images") { Description = "Folder of photos.", Required = true };
        var result = new Option<string>("--out") { Description = "File to write: a line a photo, name and class ids.", Required = true };
        var top = new Option<int>("--top") { Description = "Class ids a line, best first.", DefaultValueFactory = _ => 5 };
        var noRefine = new Option<bool>("--no-refine") { Description = "Classify once with what is served now, without a refit." };
        var command = new Command("predict", "Classifies a folder, refits InMaP to it, classifies again and writes the answers.")
        {
            id, images, result, top, noRefine,
        };
        return command.Runs(shared, async (call, token) =>
        {
            var path = call.Get(result)!;
            OutputFile.Check("--out", path);
            var files = ImageFolder.List(call.Get(images)!, path);
            await using var client = await call.ConnectAsync(token);
            var options = new ClassifyOptions { Top = call.Get(top) };
            var run = new Prediction(call.Context, client, call.Get(id), options);
            var report = await run.RunAsync(files, !call.Get(noRefine), token);
            // Where nothing could be classified, an earlier result is not lost for an empty one.
            if (report.Files.Count > 0) OutputFile.Write(path, string.Concat(report.Files.Select(f => f.ToLine())));
            call.Line(Words(path, report));
            await call.ReportAsync(report, Reports.Default.PredictReport);
            return ExitCodes.OfInputs(call.Context, report.Failed, files.Count);
        });
    }

    private static string Words(string path, PredictReport report)
    {
        var (written, stages) = (report.Files.Count > 0 ? path : "nothing written", report.Stages);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{written}: {report.Files.Count} photos, {report.Failed.Count} failed, "
                + $"{report.Seconds:0.0} s ({report.ImagesPerSecond:0} photos/s); "
                + $"answered by text {stages.Text}, proxies {stages.Proxies}, probe {stages.Probe}, refiner {stages.Refiner}");
    }
}
