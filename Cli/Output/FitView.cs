using System.CommandLine;
using System.Globalization;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Output;

/// <summary>Background fits: their progress while running, their outcome in a line. A refused fit is an answer: exit code 0, the reason printed.</summary>
internal static class FitView
{
    public static Option<string?> Preset()
    {
        var preset = new Option<string?>("--preset") { Description = "paper or seed: whose settings, instead of the set's policy." };
        preset.AcceptOnlyFromAmong("paper", "seed");
        return preset;
    }

    public static Option<bool> Cancel() => new("--cancel") { Description = "End the fit that runs or waits." };

    public static FitPreset? Of(string? preset) => preset switch
    {
        null => null,
        "seed" => FitPreset.Seed,
        _ => FitPreset.Paper,
    };

    public static async Task<int> RunAsync(
        VerbCall call, string title, Func<IFewShotClient, IProgress<FitStatus>, Task<FitStatus>> fit, CancellationToken cancellationToken)
    {
        await using var client = await call.ConnectAsync(cancellationToken);
        var status = await WaitAsync(call.Context, title, progress => fit(client, progress));
        call.Line(Words(status));
        await call.ReportAsync(status, Reports.Default.FitStatus);
        return ExitCodes.Done;
    }

    /// <summary>Waits for a fit under a progress view.</summary>
    public static Task<FitStatus> WaitAsync(ToolContext context, string title, Func<IProgress<FitStatus>, Task<FitStatus>> fit) =>
        ProgressView.RunAsync(context, title, report => fit(new Reporting<FitStatus>(s => report(s.Progress))));

    public static string Words(FitStatus fit)
    {
        var version = fit.Version > 0 ? $" as version {fit.Version}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"fit of {fit.Kind}: {fit.State}{version} in {fit.Seconds:0.00} s: {fit.Reason}");
    }
}
