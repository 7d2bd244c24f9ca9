using System.CommandLine;
using FewShotCluster.Demo.Training;
using FewShotCluster.Silo.Commands;
using Spectre.Console;

namespace FewShotCluster.Silo.Demo;

/// <summary><c>fewshotd demo train</c>: makes the demo's models anew, from nothing but a seed.</summary>
internal static class DemoTrainCommand
{
    private const int JudgingDraw = 20260;

    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "Folder for weights, vocabulary and manifest.", DefaultValueFactory = _ => "models/demo" };
        var seed = new Option<ulong>("--seed") { Description = "Everything follows from it.", DefaultValueFactory = _ => 1 };
        var command = new Command("train", "Draws pictures and trains the demo's models; about a quarter of an hour on two cores.") { output, seed };
        command.SetAction(async (parsed, token) =>
        {
            var manifest = await LocalVerb.RunAsync(
                null, (progress, stop) => DemoTrainer.Train(parsed.GetValue(output)!, parsed.GetValue(seed), new Steps(progress), stop), token);
            AnsiConsole.WriteLine($"{manifest.Models.Count} models in {parsed.GetValue(output)}, trained in {manifest.Training.Seconds} s");
            var accuracy = await Task.Run(() => DemoEvaluation.Evaluate(parsed.GetValue(output)!, JudgingDraw), token);
            AnsiConsole.WriteLine(
                $"names alone, top-1 on a draw that training never sees: ViT {accuracy.ViT.All:p1}, ResNet {accuracy.ResNet.All:p1}, "
                + $"fused {accuracy.Fused.All:p1} (unseen {accuracy.Fused.Unseen:p1}); refiner among the dogs, four shots: {accuracy.RefinerDogs:p1}");
            return 0;
        });
        return command;
    }

    private sealed class Steps(Action<string, double> progress) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => progress(value.Stage, (double)value.Done / value.Total);
    }
}
