using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot class-set show ID</c></summary>
internal static class ClassSetShowVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        return new Command("show", "Shows a class set: classes, shots, what its stages are served from.") { id }.Runs(shared, async (call, token) =>
        {
            await using var client = await call.ConnectAsync(token);
            var set = await client.DescribeAsync(call.Get(id), token);
            call.Line($"{set.ClassSetId}: version {set.Version}, {set.Classes.Count} classes, {set.Classes.Count(c => c.Shots > 0)} seen");
            foreach (var (stage, basis) in set.Serving) call.Line($"  {stage}: {basis}");
            foreach (var fit in set.Fits) call.Line($"  {FitView.Words(fit)}");
            call.Line("id\tshots\tfitted\tfamily\tname");
            foreach (var c in set.Classes) call.Line($"{c.Id}\t{c.Shots}\t{(c.Fitted ? "yes" : "no")}\t{c.Family ?? "-"}\t{c.Name}");
            await call.ReportAsync(set, Reports.Default.ClassSetDescription);
            return ExitCodes.Done;
        });
    }
}
