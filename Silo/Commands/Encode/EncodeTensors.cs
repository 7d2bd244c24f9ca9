using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Numerics;

namespace FewShotCluster.Silo.Commands.Encode;

/// <summary><c>fewshotd encode tensors</c>: a network alone, on input that another program preprocessed.</summary>
internal static class EncodeTensors
{
    public static Command Create()
    {
        var command = new Command(
            "tensors", "Features (CLIP) or logits (ConvNeXt) of preprocessed input, for comparison with other implementations.");
        var options = new EncodeOptions(command, "A .npy file, float32 [N,3,H,W], normalised.", defaultBatch: 16);
        command.SetAction((parsed, token) => RunAsync(options.Read(parsed), token));
        return command;
    }

    private static async Task<int> RunAsync(EncodeSettings settings, CancellationToken cancellationToken)
    {
        var count = await LocalVerb.RunAsync(settings.Json, (progress, stop) => Encode(settings, progress, stop), cancellationToken);
        LocalVerb.Story(settings.Json).WriteLine($"{count} rows in {settings.Output}");
        return 0;
    }

    private static long Encode(EncodeSettings settings, Action<string, double> progress, CancellationToken cancellationToken)
    {
        var input = InputFile.ReadArray(settings.Input);
        if (input.Descriptor != "<f4") throw LocalVerb.Invalid($"{settings.Input} holds '{input.Descriptor}'; float32 ('<f4') is expected");
        using var model = Loading.Run(settings, progress);
        model.CheckInput(settings.Input, input.Shape);

        var clock = Stopwatch.StartNew();
        var (images, length) = (input.Shape[0], input.Shape[1..].Aggregate(1, (product, n) => checked(product * (int)n)));
        var rows = new List<float>();
        for (var start = 0L; start < images; start += settings.Batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = (int)Math.Min(settings.Batch, images - start);
            var values = MemoryMarshal.Cast<byte, float>(input.Data).Slice((int)(start * length), count * length);
            rows.AddRange(model.EncodeImages(values, [count, .. input.Shape[1..]], settings.Raw));
            progress("encoding", (double)(start + count) / images);
        }
        var seconds = clock.Elapsed.TotalSeconds;
        var report = new TensorsReport(images, seconds, images / seconds, model.Report(settings.Weights));
        OutputFile.Write(settings.Output, NpyArray.From([.. rows], images, rows.Count / images));
        OutputFile.WriteJson(settings.Json, report);
        return images;
    }
}
