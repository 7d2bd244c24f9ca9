using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot class-set rollback ID --to VERSION</c>: prints the new version.</summary>
internal static class ClassSetRollbackVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var to = new Option<long>("--to") { Description = "The version whose content is published again; 'class-set history' lists them.", Required = true };
        var write = new WriteOptions();
        var command = write.On(new Command("rollback", "Publishes an earlier version's content as the next version.") { id, to });
        return command.Runs(shared, async (call, token) =>
        {
            await using var client = await call.ConnectAsync(token);
            var version = await client.RollbackAsync(call.Get(id), call.Get(to), write.Of(call), token);
            call.Line($"{version.ClassSetId}: version {version.Version}, as version {call.Get(to)} was");
            await call.ReportAsync(version, Reports.Default.ClassSetVersion);
            return ExitCodes.Done;
        });
    }
}
