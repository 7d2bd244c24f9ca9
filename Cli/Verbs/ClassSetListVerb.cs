using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot class-set list</c></summary>
internal static class ClassSetListVerb
{
    public static Command Create(SharedOptions shared) => new Command("list", "Lists the class sets.").Runs(shared, async (call, token) =>
    {
        await using var client = await call.ConnectAsync(token);
        var sets = await client.ListAsync(token);
        call.Line("id\tversion\tclasses\tseen");
        foreach (var set in sets) call.Line($"{set.ClassSetId}\t{set.Version}\t{set.Classes}\t{set.Seen}");
        await call.ReportAsync(sets, Reports.Default.IReadOnlyListClassSetSummary);
        return ExitCodes.Done;
    });
}
