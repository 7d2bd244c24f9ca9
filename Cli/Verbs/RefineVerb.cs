using System.CommandLine;
using FewShotCluster.Cli.Output;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot refine ID [--preset paper|seed]</c>, <c>fewshot refine ID --cancel</c></summary>
internal static class RefineVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var (preset, cancel) = (FitView.Preset(), FitView.Cancel());
        var command = new Command("refine", "Fits InMaP to the photos that were classified and waits for it.") { id, preset, cancel };
        return command.Runs(shared, (call, token) => call.Get(cancel)
            ? FitView.RunAsync(call, "cancelling", (client, _) => client.CancelFitAsync(call.Get(id), FitKind.Proxies, token), token)
            : FitView.RunAsync(
                call,
                "refining",
                (client, progress) => FitView.Of(call.Get(preset)) is { } asked
                    ? client.RefineAsync(call.Get(id), asked, progress, token)
                    : client.RefineAsync(call.Get(id), progress, token),
                token));
    }
}
