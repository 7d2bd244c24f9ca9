using System.CommandLine;
using System.Globalization;
using FewShotCluster.Cli.Output;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot watch ID</c>: a line a version and a line every few percent of a fit, until Ctrl-C.</summary>
internal static class WatchVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        return new Command("watch", "Follows the versions and the fits of a class set until Ctrl-C.") { id }.Runs(shared, async (call, token) =>
        {
            await using var client = await call.ConnectAsync(token);
            var (version, told) = (0L, new Dictionary<FitKind, string>());
            await foreach (var now in client.WatchAsync(call.Get(id), token))
            {
                if (now.Latest.Version != version) call.Line(VersionView.Words(now.Latest));
                version = now.Latest.Version;
                foreach (var fit in now.Fits)
                {
                    var line = fit.State == FitState.Running
                        ? string.Create(CultureInfo.InvariantCulture, $"fit of {fit.Kind}: {100 * fit.Progress:0} %")
                        : fit.State == FitState.Queued ? $"fit of {fit.Kind}: waits" : FitView.Words(fit);
                    if (told.GetValueOrDefault(fit.Kind) == line) continue;
                    told[fit.Kind] = line;
                    call.Line(line);
                }
            }
            return ExitCodes.Done;
        });
    }
}
