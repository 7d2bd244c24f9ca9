using System.CommandLine;
using FewShotCluster.Grains.Adaptation;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Adaptation;
using Spectre.Console;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary><c>fewshotd adapt stream</c>: labelled features replayed as the traffic of a live set.</summary>
internal static class AdaptStream
{
    private const int MostPooled = 10_000_000, MostCheckpoints = 1000;

    private sealed record Request(
        string Features, string Labels, string Text, StreamChoice Choice, StreamSettings Settings, int? AddedNames, string? Json);

    public static Command Create()
    {
        var usual = new StreamSettings();
        var (features, text) = (AdaptOptions.Features(), AdaptOptions.Text());
        var labels = AdaptOptions.File("--labels", "The images' class indices, a .npy file [N]: to tell accuracies and to order by.");
        var order = new Option<string>("--order")
        {
            Description = "iid: shuffled; sorted: class by class, the classes shuffled; file: as the rows are.",
            DefaultValueFactory = _ => StreamChoice.Iid,
        };
        order.AcceptOnlyFromAmong(StreamChoice.Iid, StreamChoice.Sorted, StreamChoice.File);
        var present = NumberOption.Optional<double>(
            "--present", "Share of the classes whose images come, drawn at random; 1 by default.", v => v is > 0 and <= 1,
            "a number above 0, at most 1");
        var addNamesAt = AdaptOptions.Share("--add-names-at", "Share of the stream after which the last names of --text are added.");
        var addedNames = NumberOption.Optional("--added-names", "How many names are added then; a fifth by default.", 1, int.MaxValue);
        var seed = new Option<ulong>("--seed") { Description = "Everything random follows from it.", DefaultValueFactory = _ => 1 };
        var logitScale = AdaptOptions.Positive("--logit-scale", $"Of the encoder; {usual.LogitScale} by default.");
        var tauText = AdaptOptions.Positive("--tau-text", "Temperature of the text scores.");
        var tauImage = AdaptOptions.Positive("--tau-image", "Temperature of the vision proxies' scores.");
        var iterations = AdaptOptions.Rounds("--iterations", "Gradient steps of a cold fit.");
        var poolLimit = NumberOption.Usual("--pool-limit", "Images the pool may hold.", usual.PoolLimit, 1, MostPooled);
        var perClass = NumberOption.Usual(
            "--pool-per-class", "Images taken for one class that the pool may hold.", usual.PoolPerClass, 1, MostPooled);
        var checkpoints = NumberOption.Usual("--checkpoints", "Reports along the stream.", usual.Checkpoints, 1, MostCheckpoints);
        var json = LocalVerb.JsonOption();
        var command = new Command("stream", "How a live set that learns from its traffic would have served these images, one by one.")
        {
            features, labels, text, order, present, addNamesAt, addedNames, seed, logitScale, tauText, tauImage, iterations, poolLimit,
            perClass, checkpoints, json,
        };
        command.SetAction((parsed, token) =>
        {
            if (parsed.GetValue(addedNames) is not null && parsed.GetValue(addNamesAt) is null)
                throw LocalVerb.Invalid($"{addedNames.Name} goes with {addNamesAt.Name} only");
            var settings = usual with
            {
                LogitScale = parsed.GetValue(logitScale) ?? usual.LogitScale,
                TextTemperature = parsed.GetValue(tauText) ?? usual.TextTemperature,
                ImageTemperature = parsed.GetValue(tauImage) ?? usual.ImageTemperature,
                Iterations = parsed.GetValue(iterations) ?? usual.Iterations,
                PoolLimit = parsed.GetValue(poolLimit),
                PoolPerClass = parsed.GetValue(perClass),
                AddNamesAt = parsed.GetValue(addNamesAt),
                Checkpoints = parsed.GetValue(checkpoints),
            };
            var choice = new StreamChoice(parsed.GetValue(order)!, parsed.GetValue(present) ?? 1, parsed.GetValue(seed));
            return RunAsync(
                new Request(
                    parsed.GetValue(features)!, parsed.GetValue(labels)!, parsed.GetValue(text)!, choice, settings,
                    parsed.GetValue(addedNames), parsed.GetValue(json)),
                token);
        });
        return command;
    }

    private static async Task<int> RunAsync(Request request, CancellationToken cancellationToken)
    {
        var report = await StageClock.RunAsync(request.Json, clock => Replay(request, clock), cancellationToken);
        StreamTable.Print(
            AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(LocalVerb.Story(request.Json)) }), report);
        return 0;
    }

    private static StreamVerbReport Replay(Request request, StageClock clock)
    {
        OutputFile.Check("--json", request.Json);
        var (input, settings) = clock.Run("load", () =>
        {
            var all = AdaptInput.Read(request.Features, request.Text, request.Labels);
            return (request.Choice.Of(all), request.Settings with { AddedNames = AddedNames(request, (int)all.Classes) });
        });
        var data = new StreamData(
            Singles(input.Features), Array.ConvertAll(input.Labels!, label => (int)label), Singles(Scores.UnitRows(input.Text.t())),
            (int)input.Dimension);
        var replay = new StreamReplay(data, settings);
        // This thread is the verb's own, nobody else waits for it.
        var stream = clock.Run("stream", (progress, stop) => replay.Run(progress, stop).GetAwaiter().GetResult());
        var report = new StreamVerbReport(input, StreamVerbSettings.Of(request.Choice, settings), clock, stream)
        {
            Accuracy = stream.Checkpoints[^1].Accuracy,
            TextAccuracy = stream.Checkpoints[^1].TextAccuracy,
        };
        OutputFile.WriteJson(request.Json, report);
        return report;
    }

    private static int AddedNames(Request request, int classes)
    {
        if (request.Settings.AddNamesAt is null) return 0;
        var added = request.AddedNames ?? Math.Max(classes / 5, 1);
        return added < classes
            ? added
            : throw LocalVerb.Invalid($"--added-names {added}: {request.Text} has {classes} rows, and one name at least is there before");
    }

    private static float[] Singles(Tensor matrix) => matrix.to(torch.ScalarType.Float32).contiguous().data<float>().ToArray();
}
