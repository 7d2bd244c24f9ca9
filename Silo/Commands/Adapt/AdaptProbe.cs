using System.CommandLine;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Adaptation;
using FewShotCluster.Vision.Adaptation.Calibration;
using FewShotCluster.Vision.Numerics;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary><c>fewshotd adapt probe</c>: LP++ or GDA from labelled features.</summary>
internal static class AdaptProbe
{
    private const string Gaussian = "gda";
    private const double AuthorsTextWeight = 100; // CLIP's logit scale

    private sealed record LabelledFile(string Features, string Labels)
    {
        public static LabelledFile? Of(string? features, string? labels) =>
            features is null || labels is null ? null : new(features, labels);

        public LabelledFeatures Read(AdaptInput input) => AdaptFiles.Labelled(Features, Labels, input.Features, input.Classes);
    }

    private sealed record Request(
        LabelledFile Shots, string Text, ProbeMethod Method, LabelledFile? Validation, LabelledFile? Test, string? Output, string? Json);

    private sealed record Sets(AdaptInput Input, LabelledFeatures Shots, LabelledFeatures? Validation, LabelledFeatures? Test);

    public static Command Create()
    {
        var (features, text) = (AdaptOptions.Features(), AdaptOptions.Text());
        var labels = AdaptOptions.File("--labels", "The images' class indices, a .npy file [N].");
        var preset = AdaptOptions.Preset(
            "paper: LP++ as its authors have it; seed: LP++ of the reference pipeline; gda: Gaussian classes in closed form.",
            AdaptOptions.Paper, AdaptOptions.Seed, Gaussian);
        var epochs = AdaptOptions.Rounds("--epochs", "Full-batch steps of LP++.");
        var textWeight = AdaptOptions.NotNegative("--text-weight", $"gda: of the text logits; {AuthorsTextWeight} by default.");
        var validationFeatures = AdaptOptions.OptionalFile("--validation-features", "Features of images that choose the epoch.");
        var validationLabels = AdaptOptions.OptionalFile("--validation-labels", "Their class indices.");
        var crossValidate = new Option<bool>("--cross-validate") { Description = "Folds of the images choose epoch and temperature." };
        var testFeatures = AdaptOptions.OptionalFile("--test-features", "Features of images that the accuracy is told of.");
        var testLabels = AdaptOptions.OptionalFile("--test-labels", "Their class indices.");
        var output = AdaptOptions.OptionalFile("--out", "W.npy, b.npy and alpha.npy: a folder, or an archive ending in .npz.");
        var json = LocalVerb.JsonOption();
        var command = new Command("probe", "LP++ or GDA: a linear probe beside the text scores, from a few labelled images.")
        {
            features, labels, text, preset, epochs, textWeight, validationFeatures, validationLabels, crossValidate, testFeatures,
            testLabels, output, json,
        };
        command.SetAction((parsed, token) =>
        {
            AdaptOptions.Together(parsed, validationFeatures, validationLabels);
            AdaptOptions.Together(parsed, testFeatures, testLabels);
            AdaptOptions.Apart(parsed, validationFeatures, crossValidate);
            AdaptOptions.OnlyWith(parsed, preset, [AdaptOptions.Paper, AdaptOptions.Seed], epochs, validationFeatures, crossValidate);
            AdaptOptions.OnlyWith(parsed, preset, [Gaussian], textWeight);
            var method = Method(
                parsed.GetValue(preset)!, parsed.GetValue(epochs), parsed.GetValue(crossValidate), parsed.GetValue(textWeight));
            return RunAsync(
                new Request(
                    new(parsed.GetValue(features)!, parsed.GetValue(labels)!), parsed.GetValue(text)!, method,
                    LabelledFile.Of(parsed.GetValue(validationFeatures), parsed.GetValue(validationLabels)),
                    LabelledFile.Of(parsed.GetValue(testFeatures), parsed.GetValue(testLabels)),
                    parsed.GetValue(output), parsed.GetValue(json)),
                token);
        });
        return command;
    }

    private static ProbeMethod Method(string preset, int? epochs, bool crossValidate, double? textWeight)
    {
        var usual = preset switch
        {
            Gaussian => null,
            AdaptOptions.Seed => LpPlusPlusOptions.Seed,
            _ => LpPlusPlusOptions.Paper,
        };
        var options = usual is null ? null : usual with { Epochs = epochs ?? usual.Epochs };
        return new(preset, options, crossValidate, textWeight ?? AuthorsTextWeight);
    }

    private static async Task<int> RunAsync(Request request, CancellationToken cancellationToken)
    {
        var report = await StageClock.RunAsync(request.Json, clock => Learn(request, clock), cancellationToken);
        LocalVerb.Story(request.Json).WriteLine(
            $"{report.Images} labelled images, {report.Classes} classes: on {report.AccuracyOn} images {report.Story()}");
        return 0;
    }

    private static ProbeReport Learn(Request request, StageClock clock)
    {
        ProbeFiles.Check(request.Output);
        OutputFile.Check("--json", request.Json);
        var sets = clock.Run("load", () => Read(request));
        var text = sets.Input.Text;
        using var probe = LearnedProbe.Of(request.Method, sets.Shots, text, sets.Validation, clock);
        var judged = sets.Test ?? sets.Shots;
        var (accuracy, textAccuracy, ece) = clock.Run("score", () =>
        {
            var logits = Scores.Probe(judged.Features, text, probe.Weights);
            return (Scores.Accuracy(logits, judged.Labels),
                Scores.Accuracy(Scores.Proxies(judged.Features, text), judged.Labels),
                sets.Test is null || probe.Temperature is not { } temperature
                    ? (double?)null
                    : CalibrationErrorOf(logits.to(torch.ScalarType.Float64).Over(temperature), judged.Labels));
        });
        var settings = ProbeSettings.Of(request.Method, sets.Validation is not null, probe);
        var report = new ProbeReport(sets.Input, settings, clock, probe)
        {
            Accuracy = accuracy,
            TextAccuracy = textAccuracy,
            AccuracyOn = sets.Test is null ? "training" : "test",
            Ece = ece,
        };
        ProbeFiles.Write(request.Output, probe.Weights);
        OutputFile.WriteJson(request.Json, report);
        return report;
    }

    private static Sets Read(Request request)
    {
        var input = AdaptInput.Read(request.Shots.Features, request.Text, request.Shots.Labels);
        return new Sets(
            input, new LabelledFeatures(input.Features, torch.tensor(input.Labels!)), request.Validation?.Read(input),
            request.Test?.Read(input));
    }

    private static double CalibrationErrorOf(Tensor logits, Tensor labels)
    {
        var (confidences, answers) = logits.softmax(1).max(1);
        return CalibrationError.Expected(confidences.data<double>().ToArray(), (answers == labels).data<bool>().ToArray());
    }
}
