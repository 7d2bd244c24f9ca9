using System.CommandLine;
using FewShotCluster.Cli.Batches;
using FewShotCluster.Cli.Inputs;
using FewShotCluster.Cli.Output;
using FewShotCluster.Client;
using FewShotCluster.GrainInterfaces.ClassSets;

namespace FewShotCluster.Cli.Verbs;

/// <summary><c>fewshot evaluate ID --list LIST --images DIR</c></summary>
internal static class EvaluateVerb
{
    public static Command Create(SharedOptions shared)
    {
        var id = SharedOptions.ClassSetId();
        var list = new Option<string>("--list")
        {
            Description = "List of 'path,label' or 'path label'; a label is a class id or name.",
            Required = true,
        };
        var images = new Option<string>("--images") { Description = "Folder that the paths are relative to.", Required = true };
        var command = new Command("evaluate", "Classifies labelled photos and prints accuracies: seen, unseen, by stage.")
        {
            id, list, images,
        };
        return command.Runs(shared, async (call, token) =>
        {
            var entries = ShotList.Read(call.Get(list)!);
            var folder = ImageFolder.Check(call.Get(images)!);
            await using var client = await call.ConnectAsync(token);
            var set = await client.DescribeAsync(call.Get(id), token);
            var labels = Labels(set, entries);
            var files = entries.Select(e => ImageFile.In(folder, e.Path)).ToList();

            var clock = new BatchClock(call.Context.Time);
            // Not older than the description: seen and unseen are to be those of the answers.
            // Nor learned from: a set is not to know the photos that it is judged by.
            var options = new ClassifyOptions { Top = 5, MinimumVersion = set.Version, Learn = false };
            var batch = await new BatchClassifier(client, set.ClassSetId, options).RunAsync(call.Context, "classifying", files, token);
            var report = EvaluationReport.Of(set, new Evaluation(batch.Files, labels, set), batch.Failed, clock.Seconds);
            call.Show(EvaluationTable.Of(report));
            await call.ReportAsync(report, Reports.Default.EvaluationReport);
            return ExitCodes.OfInputs(call.Context, report.Failed, files.Count);
        });
    }

    /// <summary>The class id of each path; a label that the set does not have is a wrong argument.</summary>
    private static Dictionary<string, int> Labels(ClassSetDescription set, IReadOnlyList<ShotEntry> entries)
    {
        var idsByName = set.Classes.ToDictionary(c => c.Name, c => c.Id, StringComparer.Ordinal);
        var ids = set.Classes.Select(c => c.Id).ToHashSet();
        return entries.ToDictionary(e => e.Path, e => e.ClassId(idsByName) is var label && ids.Contains(label)
            ? label
            : throw e.Line.Error($"class set '{set.ClassSetId}' has no class with the id {label}"));
    }
}
