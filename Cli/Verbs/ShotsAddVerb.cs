using System.CommandLine;
using System.Runtime.CompilerServices;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot shots add ID --from LIST --images DIR</c></summary>
internal static class ShotsAddVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var from = new Option<string>("--from") { Description = "List of 'path,label' or 'path label'; a label is a class id or name.", Required = true };
        var images = new Option<string>("--images") { Description = "Folder that the paths are relative to.", Required = true };
        return new Command("add", "Adds labelled photos.") { id, from, images }.Runs(shared, async (call, token) =>
        {
            var entries = ShotList.Read(call.Get(from)!);
            await using var client = await call.ConnectAsync(token);
            var ids = await IdsByName(client, call.Get(id), entries, token);
            var labelled = entries.Select(e => (e.Path, ClassId: e.ClassId(ids))).ToList();
            var unreadable = new List<FailedInput>();
            var shots = ReadAsync(call.Get(images)!, labelled, unreadable, token);
            var result = await ProgressView.RunAsync(call.Context, "adding shots", report => client.AddShotsAsync(
                call.Get(id),
                shots,
                progress: new Reporting<ShotsProgress>(p => report((double)(p.Sent + unreadable.Count) / labelled.Count)),
                cancellationToken: token));
            result = result with { Failed = [.. unreadable, .. result.Failed] };
            call.Line($"{call.Get(id)}: version {result.Version}, {result.Added} added, {result.Duplicates} duplicates, {result.Failed.Count} failed");
            await call.ReportAsync(result, Reports.Default.AddShotsResult);
            return ExitCodes.OfInputs(call.Context, result.Failed, labelled.Count);
        });
    }

    // Only a list with names needs the set's.
    private static async Task<IReadOnlyDictionary<string, int>> IdsByName(
        IFewShotClient client, string classSetId, IReadOnlyList<ShotEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.All(e => e.NumericLabel is not null)) return new Dictionary<string, int>();
        var set = await client.DescribeAsync(classSetId, cancellationToken);
        return set.Classes.ToDictionary(c => c.Name, c => c.Id, StringComparer.Ordinal);
    }

    private static async IAsyncEnumerable<Shot> ReadAsync(
        string folder, IReadOnlyList<(string Path, int ClassId)> labelled, List<FailedInput> unreadable,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (path, classId) in labelled)
        {
            var (bytes, failed) = await ImageFile.In(folder, path).ReadAsync(cancellationToken);
            if (failed is not null) unreadable.Add(failed);
            else yield return new Shot(path, classId, bytes!);
        }
    }
}
