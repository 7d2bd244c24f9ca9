using System.CommandLine;
using System.Diagnostics;
using FewShotCluster.GrainInterfaces.Errors;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Imaging;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Silo.Commands.Encode;

/// <summary><c>fewshotd encode images</c>: a row for each readable picture, in ordinal order of file names.</summary>
internal static class EncodeImages
{
    private const int SomeFailed = 1;

    public static Command Create()
    {
        var command = new Command("images", "Image features of a CLIP model.");
        var options = new EncodeOptions(
            command, "A picture, or a folder of them; hidden files and subfolders are passed over.", defaultBatch: 16);
        command.SetAction((parsed, token) => RunAsync(options.Read(parsed), token));
        return command;
    }

    private static async Task<int> RunAsync(EncodeSettings settings, CancellationToken cancellationToken)
    {
        var report = await LocalVerb.RunAsync(settings.Json, (progress, stop) => Encode(settings, progress, stop), cancellationToken);
        var story = LocalVerb.Story(settings.Json);
        foreach (var file in report.Failed) story.WriteLine($"left out: {file.File}: {file.Code}: {file.Message}");
        if (report.Files.Count > 0) story.WriteLine($"{report.Files.Count} images in {settings.Output}");
        if (report.Failed.Count == 0) return 0;
        var (first, total) = (report.Failed[0], report.Files.Count + report.Failed.Count);
        var code = Enum.Parse<FewShotErrorCode>(first.Code);
        var exit = CommandRunner.Fail(new FewShotException(
            code, $"{report.Failed.Count} of {total} files left out; the first: {first.File}: {first.Message}"));
        return report.Files.Count > 0 ? SomeFailed : exit;
    }

    private static ImagesReport Encode(EncodeSettings settings, Action<string, double> progress, CancellationToken cancellationToken)
    {
        var files = ImageFiles.List(settings.Input);
        using var model = Loading.Run(settings, progress);
        var config = model.Clip ?? throw LocalVerb.Invalid($"{settings.Weights} is a ConvNeXt; encode images takes CLIP weights");
        var preprocessor = new ClipPreprocessor(config.ImageResolution);

        var clock = Stopwatch.StartNew();
        var (names, failed, rows) = (new List<string>(), new List<FailedFile>(), new List<float>());
        var (batch, pending) = (new float[settings.Batch * preprocessor.Length], 0);
        foreach (var file in DecodeAhead.Run(files, preprocessor, ahead: 2 * settings.Batch, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (file.Failed is { } failure)
            {
                failed.Add(failure);
                continue;
            }
            names.Add(file.Name);
            file.Planes!.CopyTo(batch, pending++ * preprocessor.Length);
            if (pending < settings.Batch) continue;
            Flush();
            progress("encoding", (double)(names.Count + failed.Count) / files.Count);
        }
        if (pending > 0) Flush();
        progress("encoding", 1);
        var seconds = clock.Elapsed.TotalSeconds;

        var report = new ImagesReport(names, failed, seconds, names.Count / seconds, model.Report(settings.Weights));
        if (names.Count > 0) OutputFile.Write(settings.Output, NpyArray.From([.. rows], names.Count, config.EmbedDim));
        OutputFile.WriteJson(settings.Json, report);
        return report;

        void Flush()
        {
            long[] shape = [pending, 3, config.ImageResolution, config.ImageResolution];
            rows.AddRange(model.EncodeImages(batch.AsSpan(0, pending * preprocessor.Length), shape, settings.Raw));
            pending = 0;
        }
    }
}
