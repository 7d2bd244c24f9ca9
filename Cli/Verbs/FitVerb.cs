using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot fit ID</c></summary>
internal static class FitVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        return new Command("fit", "Fits LP++ (and the refiner's head) to the shots and waits for it.") { id }.Runs(shared, (call, token) =>
            FitView.RunAsync(call, "fitting", (client, progress) => client.FitAsync(call.Get(id), progress, token), token));
    }
}
