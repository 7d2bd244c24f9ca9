using System.CommandLine;
using FewShotCluster.Bench.Models;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Checkpoints;

namespace FewShotCluster.Silo.Commands.Bench;

/// <summary><c>fewshotd bench weights</c>: checkpoints of the published sizes with random weights, for trials.</summary>
internal static class BenchWeights
{
    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "Folder; made if absent.", Required = true };
        var seed = BenchOptions.Seed();
        var command = new Command("weights", "Writes checkpoints of ViT-B/32, RN101 and ConvNeXt-V2-Base with random weights.")
        {
            output, seed,
        };
        command.SetAction((parsed, token) => LocalVerb.RunAsync(null, (progress, stop) =>
        {
            var folder = Directory.CreateDirectory(parsed.GetValue(output)!).FullName;
            foreach (var size in TrueSize.All)
            {
                stop.ThrowIfCancellationRequested();
                progress(size.Name, 0);
                Write(Path.Combine(folder, size.Name + ".safetensors"), size, parsed.GetValue(seed));
                progress(size.Name, 1);
            }
            return 0;
        }, token));
        return command;
    }

    private static void Write(string path, TrueSize size, ulong seed)
    {
        using var module = size.Random(seed);
        var temporary = OutputFile.TemporaryBeside(path);
        try
        {
            SafetensorsWriter.Write(temporary, module.state_dict());
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
