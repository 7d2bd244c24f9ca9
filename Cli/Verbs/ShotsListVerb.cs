using System.CommandLine;
using FewShotCluster.Cli.Output;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot shots list ID</c></summary>
internal static class ShotsListVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        return new Command("list", "Lists shots: class id and SHA-256 of the photo.") { id }.Runs(shared, async (call, token) =>
        {
            await using var client = await call.ConnectAsync(token);
            IReadOnlyList<ShotLine> shots = [.. (await client.ListShotsAsync(call.Get(id), token)).Select(s => new ShotLine(s.ClassId, s.Key.ToString()))];
            foreach (var shot in shots) call.Line($"{shot.ClassId}\t{shot.Key}");
            await call.ReportAsync(shots, Reports.Default.IReadOnlyListShotLine);
            return ExitCodes.Done;
        });
    }
}
