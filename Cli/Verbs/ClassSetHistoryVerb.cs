using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot class-set history ID</c></summary>
internal static class ClassSetHistoryVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        return new Command("history", "Lists the versions that a class set can be rolled back to.") { id }.Runs(shared, async (call, token) =>
        {
            await using var client = await call.ConnectAsync(token);
            var history = await client.GetHistoryAsync(call.Get(id), token);
            foreach (var version in history) call.Line(VersionView.Words(version));
            await call.ReportAsync(history, Reports.Default.IReadOnlyListClassSetVersionRecord);
            return ExitCodes.Done;
        });
    }
}
