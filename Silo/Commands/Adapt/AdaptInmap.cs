using System.CommandLine;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Adaptation;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary><c>fewshotd adapt inmap</c>: vision proxies from unlabelled images.</summary>
internal static class AdaptInmap
{
    private sealed record Request(
        string Features, string Text, string? Labels, string Preset, InmapOptions Options, string? Init, double? InitLr,
        string? Output, string? Json);

    public static Command Create()
    {
        var (features, text) = (AdaptOptions.Features(), AdaptOptions.Text());
        var preset = AdaptOptions.Preset(
            "paper: the authors' method; seed: the two rounds of the reference pipeline.", AdaptOptions.Paper, AdaptOptions.Seed);
        var iterations = AdaptOptions.Rounds("--iterations", "Gradient steps (of each round).");
        var tauText = AdaptOptions.Positive("--tau-text", "Temperature of the text scores.");
        var tauImage = AdaptOptions.Positive("--tau-image", "Temperature of the vision proxies' scores.");
        var lr = AdaptOptions.Positive("--lr", "First step size.");
        var alpha = AdaptOptions.Positive("--alpha", "Labels above it become one-hot; 1 leaves all soft.");
        var gamma = AdaptOptions.NotNegative("--gamma", "Of Sinkhorn; 0 balances all classes alike.");
        var sinkhorn = AdaptOptions.Rounds("--sinkhorn", "Rounds of Sinkhorn; 0: labels are not balanced.", least: 0);
        var init = AdaptOptions.OptionalFile("--init", "Proxies of an earlier fit to start from, a .npy file [C,D].");
        var initLr = AdaptOptions.Positive("--init-lr", "That fit's learningRate.");
        var labels = AdaptOptions.OptionalFile("--labels", "The images' class indices, a .npy file [N]: only to tell accuracies.");
        var output = AdaptOptions.OptionalFile("--out", "The learned proxies, a .npy file, float32 [C,D].");
        var json = LocalVerb.JsonOption();
        var command = new Command("inmap", "InMaP: class proxies in the space of images, from unlabelled images.")
        {
            features, text, preset, iterations, tauText, tauImage, lr, alpha, gamma, sinkhorn, init, initLr, labels, output, json,
        };
        command.SetAction((parsed, token) =>
        {
            AdaptOptions.Together(parsed, init, initLr);
            AdaptOptions.Apart(parsed, lr, initLr);
            AdaptOptions.OnlyWith(parsed, preset, [AdaptOptions.Paper], init);
            var word = parsed.GetValue(preset)!;
            var usual = word == AdaptOptions.Seed ? InmapOptions.Seed : InmapOptions.Paper;
            var rounds = parsed.GetValue(sinkhorn) ?? usual.SinkhornIterations;
            var options = usual with
            {
                Iterations = parsed.GetValue(iterations) ?? usual.Iterations,
                TextTemperature = parsed.GetValue(tauText) ?? usual.TextTemperature,
                ImageTemperature = parsed.GetValue(tauImage) ?? usual.ImageTemperature,
                LearningRate = parsed.GetValue(lr) ?? usual.LearningRate,
                OneHotThreshold = parsed.GetValue(alpha) ?? usual.OneHotThreshold,
                Gamma = parsed.GetValue(gamma) ?? usual.Gamma,
                SinkhornIterations = rounds,
                UseSinkhorn = rounds > 0,
            };
            return RunAsync(
                new Request(
                    parsed.GetValue(features)!, parsed.GetValue(text)!, parsed.GetValue(labels), word, options, parsed.GetValue(init),
                    parsed.GetValue(initLr), parsed.GetValue(output), parsed.GetValue(json)),
                token);
        });
        return command;
    }

    private static async Task<int> RunAsync(Request request, CancellationToken cancellationToken)
    {
        var report = await StageClock.RunAsync(request.Json, clock => Learn(request, clock), cancellationToken);
        var story = LocalVerb.Story(request.Json);
        story.WriteLine($"{report.Images} images, {report.Classes} classes: {report.Story()}");
        story.WriteLine($"a node would serve {report.Gate}");
        return 0;
    }

    private static InmapReport Learn(Request request, StageClock clock)
    {
        OutputFile.Check("--out", request.Output);
        OutputFile.Check("--json", request.Json);
        var (input, start) = clock.Run("load", () => Read(request));
        var gate = clock.Run("gate", () =>
        {
            var labels = Scores.SoftLabels(input.Features, input.Text, request.Options.TextTemperature);
            return InmapGate.Decide(input.Images, input.Classes, InmapGate.Coverage(labels));
        });
        using var result = Fit(request, input, start, clock);
        var (accuracy, textAccuracy) = clock.Run("score", () => (input.Accuracy(result.Proxies), input.Accuracy(input.Text)));
        var report = new InmapReport(input, InmapSettings.Of(request.Preset, request.Options, start), clock)
        {
            Accuracy = accuracy,
            TextAccuracy = textAccuracy,
            LearningRate = result.LearningRate,
            Coverage = gate.Coverage,
            Serve = gate.Serve,
            Gate = gate.Reason,
        };
        AdaptFiles.WriteProxies(request.Output, result.Proxies);
        OutputFile.WriteJson(request.Json, report);
        return report;
    }

    private static (AdaptInput Input, InmapStart? Start) Read(Request request)
    {
        var input = AdaptInput.Read(request.Features, request.Text, request.Labels);
        if (request.Init is not { } file) return (input, null);
        var proxies = AdaptFiles.Proxies(file, input.Features);
        if (proxies.shape[1] != input.Classes)
            throw LocalVerb.Invalid($"{file} has {proxies.shape[1]} rows; one for each of the {input.Classes} texts is expected");
        return (input, new InmapStart(proxies, request.InitLr!.Value));
    }

    private static InmapResult Fit(Request request, AdaptInput input, InmapStart? start, StageClock clock)
    {
        var options = request.Options;
        var steps = InmapFit.Steps(options, input.Images, input.Classes, TorchSharp.torch.CPU);
        if (request.Preset == AdaptOptions.Paper)
        {
            var fit = clock.Run("prepare", () => new InmapFit(input.Features, input.Text, options, start));
            return clock.Drive(fit, new("text", steps.Text), new("sinkhorn", steps.Sinkhorn), new("descent", steps.Descent));
        }
        var both = clock.Run("prepare", () => new SeedInmapFit(input.Features, input.Text, options));
        var result = clock.Drive(
            both, new("text", steps.Text, "text, first round"), new("descent", steps.Descent, "descent, first round"),
            new("text", steps.Text, "text, second round"), new("sinkhorn", steps.Sinkhorn), new("descent", steps.Descent, "descent, second round"));
        result.First.Dispose();
        return result.Second;
    }
}
