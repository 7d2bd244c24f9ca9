using System.CommandLine;
using FewShotCluster.Silo.Commands.Files;
using FewShotCluster.Vision.Adaptation;

namespace FewShotCluster.Silo.Commands.Adapt;

/// <summary><c>fewshotd adapt onzeta</c>: vision proxies learned image by image, in the order of the rows.</summary>
internal static class AdaptOnZeta
{
    private sealed record Request(
        string Features, string Text, string? Labels, OnZetaOptions Options, string? Output, string? Json);

    public static Command Create()
    {
        var usual = OnZetaOptions.Paper;
        var (features, text) = (AdaptOptions.Features(), AdaptOptions.Text());
        var tauText = AdaptOptions.Positive("--tau-text", "Temperature of the text scores.");
        var tauImage = AdaptOptions.Positive("--tau-image", "Temperature of the vision proxies' scores.");
        var cw = AdaptOptions.NotNegative("--cw", "Step size of the vision proxies.");
        var cr = AdaptOptions.NotNegative("--cr", "Step size of what holds the classes' balance.");
        var alpha = AdaptOptions.NotNegative("--alpha", "Share of its fair mass that every class must get.");
        var beta = AdaptOptions.Share("--beta", "Largest share of the vision proxies in an answer.");
        var expected = AdaptOptions.Count("--expected", "Images after which they have it; the number of rows by default.");
        var labels = AdaptOptions.OptionalFile("--labels", "The images' class indices, a .npy file [N]: only to tell accuracies.");
        var output = AdaptOptions.OptionalFile("--out", "The learned proxies, a .npy file, float32 [C,D].");
        var json = LocalVerb.JsonOption();
        var command = new Command("onzeta", "OnZeta: answers to a stream of images, and the proxies learned on the way.")
        {
            features, text, tauText, tauImage, cw, cr, alpha, beta, expected, labels, output, json,
        };
        command.SetAction((parsed, token) =>
        {
            var options = usual with
            {
                TextTemperature = parsed.GetValue(tauText) ?? usual.TextTemperature,
                ImageTemperature = parsed.GetValue(tauImage) ?? usual.ImageTemperature,
                ProxyRate = parsed.GetValue(cw) ?? usual.ProxyRate,
                BalanceRate = parsed.GetValue(cr) ?? usual.BalanceRate,
                Balance = parsed.GetValue(alpha) ?? usual.Balance,
                MaximumVisionShare = parsed.GetValue(beta) ?? usual.MaximumVisionShare,
                ExpectedImages = parsed.GetValue(expected) ?? usual.ExpectedImages,
            };
            return RunAsync(
                new Request(
                    parsed.GetValue(features)!, parsed.GetValue(text)!, parsed.GetValue(labels), options, parsed.GetValue(output),
                    parsed.GetValue(json)),
                token);
        });
        return command;
    }

    private static async Task<int> RunAsync(Request request, CancellationToken cancellationToken)
    {
        var report = await StageClock.RunAsync(request.Json, clock => Learn(request, clock), cancellationToken);
        LocalVerb.Story(request.Json).WriteLine($"{report.Images} images, {report.Classes} classes: {report.Story()}");
        return 0;
    }

    private static OnZetaReport Learn(Request request, StageClock clock)
    {
        OutputFile.Check("--out", request.Output);
        OutputFile.Check("--json", request.Json);
        var input = clock.Run("load", () => AdaptInput.Read(request.Features, request.Text, request.Labels));
        var fit = clock.Run("prepare", () => new OnZetaFit(input.Features, input.Text, request.Options));
        using var result = clock.Drive(fit, new FitStage("stream", fit.Total));
        var textAccuracy = clock.Run("score", () => input.Accuracy(input.Text));
        var report = new OnZetaReport(input, OnZetaSettings.Of(request.Options, input.Images), clock)
        {
            Accuracy = input.Accuracy(result.CombinedBest),
            TextLabelAccuracy = input.Accuracy(result.TextBest),
            TextAccuracy = textAccuracy,
        };
        AdaptFiles.WriteProxies(request.Output, result.Proxies);
        OutputFile.WriteJson(request.Json, report);
        return report;
    }
}

/// <summary>Settings of <c>adapt onzeta</c> that were used, as its options name them.</summary>
internal sealed record OnZetaSettings(
    double TauText, double TauImage, double Cw, double Cr, double Alpha, double Beta, long Expected)
{
    public static OnZetaSettings Of(OnZetaOptions options, long images) => new(
        options.TextTemperature, options.ImageTemperature, options.ProxyRate, options.BalanceRate, options.Balance,
        options.MaximumVisionShare, options.ExpectedImages ?? images);
}
