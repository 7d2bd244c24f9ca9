using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot refine ID</c></summary>
internal static class RefineVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        return new Command("refine", "Fits InMaP to the photos that were classified and waits for it.") { id }.Runs(shared, (call, token) =>
            FitView.RunAsync(call, "refining", (client, progress) => client.RefineAsync(call.Get(id), progress, token), token));
    }
}
