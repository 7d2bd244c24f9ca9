using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot class-set delete ID</c></summary>
internal static class ClassSetDeleteVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var write = new WriteOptions();
        return write.On(new Command("delete", "Deletes a class set with its shots and its history.") { id }).Runs(shared, async (call, token) =>
        {
            await using var client = await call.ConnectAsync(token);
            var version = await client.DeleteClassSetAsync(call.Get(id), write.Of(call), token);
            call.Line($"{version.ClassSetId}: deleted");
            await call.ReportAsync(version, Reports.Default.ClassSetVersion);
            return ExitCodes.Done;
        });
    }
}
