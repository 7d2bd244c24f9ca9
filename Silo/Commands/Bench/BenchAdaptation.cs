using System.CommandLine;
using FewShotCluster.Bench.Adaptation;
using FewShotCluster.Bench.Measurement;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Encoders;
using static TorchSharp.torch;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary><c>fewshotd bench adaptation</c>: InMaP, LP++, GDA, OnZeta and the refiner's head at the seed's sizes.</summary>
internal static class BenchAdaptation
{
    public static Command Create()
    {
        var threads = BenchOptions.Count("--threads", "Of torch.", Environment.ProcessorCount);
        var rounds = BenchOptions.Count("--rounds", "Quiet rounds.", 7);
        var images = BenchOptions.Count("--images", "Unlabelled images of the InMaP refit.", new AdaptationSizes().Images);
        var fits = ListOption.Words("--fits", "Which fits; all by default.", AdaptationBench.Fits, [.. AdaptationBench.Fits]);
        var device = DeviceOption.Create();
        var json = LocalVerb.JsonOption();
        var command = new Command("adaptation", "Times the fits of a class set.") { threads, rounds, images, fits, device, json };
        command.SetAction((parsed, token) => RunAsync(
            TorchDevice.Open(parsed.GetValue(device)!), new AdaptationSizes { Images = parsed.GetValue(images) }, parsed.GetValue(fits)!, parsed.GetValue(threads),
            parsed.GetValue(rounds), parsed.GetValue(json), token));
        return command;
    }

    private static async Task<int> RunAsync(
        Device device, AdaptationSizes sizes, IReadOnlyList<string> fits, int threads, int rounds, string? json, CancellationToken cancellationToken)
    {
        OutputFile.Check("--json", json);
        var figures = await LocalVerb.RunAsync(
            json,
            (progress, stop) => new AdaptationBench(device, sizes, fits, new Interleaved { Rounds = rounds }, progress).Run(threads, stop),
            cancellationToken);
        FiguresTable.Print(LocalVerb.Story(json), figures);
        OutputFile.WriteJson(json, BenchReport.Of(figures));
        return 0;
    }
}
